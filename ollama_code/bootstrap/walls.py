"""The sandbox of a session, as the settings wish it, and what a person is told where there is none."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ollama_code.core.errors import UsageError
from ollama_code.core.events import Event, ModeChanged, Notice
from ollama_code.core.permission import Mode
from ollama_code.paths import Home
from ollama_code.ports import Emit
from ollama_code.settings import model
from ollama_code.workspace.sandbox.sandbox import Grounds, Sandbox, Wishes


def make_sandbox(
    settings: model.Sandbox, home: Home, roots: Iterable[Path], shown: Iterable[Path]
) -> Sandbox:
    """`roots` are the folders commands may change, `shown` those of this program's own that they may read.
    Raises: UsageError for a path of the settings that cannot be meant."""
    grounds = Grounds(
        roots=tuple(str(root.resolve()) for root in roots),
        home=str(Path.home()),
        shown=tuple(str(path.resolve()) for path in shown),
        hidden=(str(home.root.resolve()),),
    )
    wishes = Wishes(
        enabled=settings.enabled,
        required=settings.required,
        network=settings.network,
        readable=_absolute(settings.readable, "sandbox.readable"),
        writable=_absolute(settings.writable, "sandbox.writable"),
    )
    return Sandbox(grounds, wishes)


def warning(sandbox: Sandbox, mode: Mode) -> str:
    """What to say of the walls in this mode; empty when there is nothing to worry about."""
    if sandbox.refuses:
        return f"No command will run: sandbox.required asks for a sandbox, and {sandbox.trouble}."
    if mode is not Mode.YOLO or sandbox.closed:
        return ""
    if sandbox.holds:
        return "yolo mode: commands run without asking, and the sandbox of this machine cannot close the network."
    return f"yolo mode without a sandbox: commands run without asking and reach all that you do ({sandbox.trouble})."


class ModeWatch:
    """Warns when the person changes to a mode that would need better walls."""

    def __init__(self, sandbox: Sandbox, emit: Emit) -> None:
        self._sandbox = sandbox
        self._emit = emit

    def __call__(self, event: Event) -> None:
        if isinstance(event, ModeChanged) and (text := warning(self._sandbox, event.mode)):
            self._emit(Notice(text=text))


def _absolute(paths: Iterable[str], key: str) -> tuple[str, ...]:
    return tuple(str(_one(path, key)) for path in paths)


def _one(path: str, key: str) -> Path:
    found = Path.home() / path[2:] if path.startswith("~/") else Path(path)
    if not found.is_absolute() or found == Path("/"):
        raise UsageError(
            f'{key} holds "{path}", but a folder there begins with / or ~/ and is not the whole disk.'
        )
    return found
