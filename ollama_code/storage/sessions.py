"""The sessions of one project folder: how each is named, where its files are, which was the last.

Below the sessions folder (`paths.Home.sessions_of`): `<id>/journal.jsonl`, `<id>/outputs/`, `<id>/jobs/`."""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ollama_code.core.errors import SessionError, UsageError
from ollama_code.storage.replay import read_opening

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True)
class SessionFolder:
    """Paths only; nothing is created before something is written."""

    id: str
    root: Path

    @property
    def journal(self) -> Path:
        return self.root / "journal.jsonl"

    @property
    def outputs(self) -> Path:
        return self.root / "outputs"

    @property
    def jobs(self) -> Path:
        """Output of background commands."""
        return self.root / "jobs"


@dataclass(frozen=True)
class SessionSummary:
    """One line of a list of sessions. `text` is what the person typed first."""

    folder: SessionFolder
    model: str
    text: str
    last_activity: datetime
    """UTC, when the journal was last written."""


def new_session(directory: Path, now: datetime) -> SessionFolder:
    """A name that no session in `directory` has: UTC to the second, which sorts by time, and four hex digits."""
    while True:
        name = f"{now.astimezone(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        if not (directory / name).exists():
            return SessionFolder(name, directory / name)


def session(directory: Path, id: str) -> SessionFolder:
    """Where the session `id` is kept; it need not exist. Raises: UsageError when `id` cannot be one."""
    if not _ID.fullmatch(id):
        raise UsageError(f"{id!r} is not the id of a session. Ids look like 20260314-150926-1a2b.")
    return SessionFolder(id, directory / id)


def listed(directory: Path) -> tuple[SessionSummary, ...]:
    """Sessions in which the person said something, the one written last first. Damaged ones are left out."""
    return tuple(_summaries(directory))


def latest(directory: Path) -> SessionSummary | None:
    """The first of `listed`, without looking into the others."""
    return next(_summaries(directory), None)


def _summaries(directory: Path) -> Iterator[SessionSummary]:
    for written_ns, id in sorted(_journals(directory), reverse=True):
        folder = SessionFolder(id, directory / id)
        with contextlib.suppress(SessionError):
            opening = read_opening(folder.journal)
            if opening.text is not None:
                written = datetime.fromtimestamp(written_ns / 1e9, UTC)
                yield SessionSummary(folder, opening.session.head.model, opening.text, written)


def _journals(directory: Path) -> Iterator[tuple[int, str]]:
    """When each was written, in ns, and the id of its session."""
    for journal in directory.glob("*/journal.jsonl"):
        if _ID.fullmatch(journal.parent.name):
            with contextlib.suppress(FileNotFoundError):
                yield journal.stat().st_mtime_ns, journal.parent.name
