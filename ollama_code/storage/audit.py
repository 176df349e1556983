"""The audit log: what was decided and what ran, one JSON line each, a file for each day (UTC), for this user alone.

Lines are only ever added. Secrets are taken out before anything is written; control characters are escaped."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from pydantic import JsonValue

from ollama_code.core.value import Value
from ollama_code.storage.atomic import private_directory

_MOST_BYTES = 4096
"""Of one text of a line; the digest of the whole stands beside what was cut."""
_MOST_ITEMS = 64
"""Of one list of a line."""

Line = dict[str, JsonValue]


@dataclass(frozen=True)
class Header:
    """What every line of one writer begins with. `caller` is the front end, `client` what the
    program calls itself for which it works, if it works for one; `sandbox` is asked anew for each line."""

    session: str
    caller: str
    directory: str
    sandbox: Callable[[], str] = str
    client: str = ""


def _now() -> datetime:
    return datetime.now(UTC)


class AuditLog:
    """Call it with a value that says `what` happened. It never raises: `trouble` is a sentence for the person while
    the log cannot be written, else empty. Several processes may write: a line is one append."""

    def __init__(
        self,
        folder: Path,
        header: Header,
        redact: Callable[[str], str],
        now: Callable[[], datetime] = _now,
    ) -> None:
        self.trouble = ""
        self._folder = folder
        self._header = header
        self._redact = redact
        self._now = now

    def __call__(self, entry: Value) -> None:
        now = self._now()
        line: Line = {
            "time": now.isoformat(timespec="milliseconds"),
            "session": self._header.session,
            "caller": self._header.caller,
            "directory": self._header.directory,
            "sandbox": self._header.sandbox(),
        }
        if self._header.client:
            line |= self._told("client", self._header.client)
        for name, value in entry.model_dump(mode="json").items():
            line |= self._told(name, value)
        try:
            self._append(now.date(), json.dumps(line).encode() + b"\n")
            self.trouble = ""
        except OSError as e:
            self._note(e)

    def _told(self, name: str, value: JsonValue) -> Line:
        """The field, without secrets and not too long."""
        match value:
            case str():
                return self._told_text(name, value)
            case list():
                texts = [self._redact(str(item))[:_MOST_BYTES] for item in value[:_MOST_ITEMS]]
                more = [f"and {len(value) - _MOST_ITEMS:,} more"] if len(value) > _MOST_ITEMS else []
                return {name: [*texts, *more]}
            case _:
                return {name: value}

    def _told_text(self, name: str, value: str) -> Line:
        text = self._redact(value)
        if len(text.encode(errors="surrogatepass")) <= _MOST_BYTES:
            return {name: text}
        digest = hashlib.sha256(value.encode(errors="surrogatepass")).hexdigest()
        return {name: _head(text), f"{name}_sha256": digest}

    def _append(self, day: date, data: bytes) -> None:
        private_directory(self._folder)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        file = os.open(self._folder / f"{day.isoformat()}.jsonl", flags, 0o600)
        try:
            while data:  # one call a line unless the disk takes less
                data = data[os.write(file, data) :]
        finally:
            os.close(file)

    def _note(self, error: OSError) -> None:
        self.trouble = f"The audit log in {self._folder} cannot be written ({error.strerror or error})."


def read_audit(folder: Path, since: date | None = None) -> Iterator[Line]:
    """Every line that is whole, oldest first, of the days from `since` on. Blocks. Raises: OSError."""
    for path in sorted(folder.glob("*.jsonl")):
        day = None
        with suppress(ValueError):
            day = date.fromisoformat(path.stem)
        if day is None or (since is not None and day < since):
            continue
        with path.open("rb") as file:
            for row in file:
                line = _parsed(row)
                if line is not None:
                    yield line


def _parsed(row: bytes) -> Line | None:
    """`None` for what is torn or no line of ours."""
    try:
        found = json.loads(row)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _head(text: str) -> str:
    return text.encode(errors="surrogatepass")[:_MOST_BYTES].decode(errors="ignore")
