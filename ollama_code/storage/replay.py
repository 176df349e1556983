"""Reads a journal again: the events of a file, and their fold into what a continued session needs."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

from pydantic import ValidationError

from ollama_code.core.errors import SessionError
from ollama_code.core.events import (
    EVENT,
    Compacted,
    Event,
    HeadChanged,
    MessageAdded,
    ModeChanged,
    SecretsHidden,
    SessionStarted,
    ThinkChanged,
    TodosChanged,
    TurnStarted,
    UsageReported,
)
from ollama_code.core.head import Head
from ollama_code.core.messages import AssistantMessage, Message, ToolCall, ToolMessage, UserMessage
from ollama_code.core.permission import Mode
from ollama_code.core.results import Ending
from ollama_code.core.todo import TodoItem
from ollama_code.core.usage import Usage
from ollama_code.storage.endings import Endings

_VITAL = ("session_started", "message_added", "compacted")
"""Without one of these the session would be another one: not to understand it is an error."""


class Unread(Enum):
    """A line that is no event of this version."""

    TORN = "cut by a crash"
    UNKNOWN = "written by a newer version"


@dataclass(frozen=True)
class Replayed:
    """What a journal says. `history` is the main agent's; it is ready to go on once `open_calls` are answered:
    the calls at its end that have no `ToolMessage`, because the program was killed while they ran."""

    session: SessionStarted
    history: tuple[Message, ...]
    open_calls: tuple[ToolCall, ...]
    endings: Mapping[str, Ending]
    """How each call ended, by its id."""
    todos: tuple[TodoItem, ...]
    mode: Mode | None
    """The last one changed to; `None` when it never changed."""
    usage: Usage
    """The sum over every model call, also those of subagents."""
    last_activity: datetime
    """UTC, when the journal was last written."""
    torn_lines: int
    unknown_events: int
    secrets_hidden: bool = False
    """Whether `history` had secrets that were not written down."""


def replay(path: Path) -> Replayed:
    """Fold a journal. Torn lines and unknown events are left out and counted.
    Raises: SessionError when it cannot be read, is no journal, or holds a message this version cannot read."""
    with closing(_events(path)) as events:
        fold = _Fold(_first(events, path))
        for event in events:
            fold.add(event)
    return Replayed(
        session=fold.session,
        history=tuple(fold.history),
        open_calls=_open_calls(fold.history),
        endings=fold.endings.known,
        todos=fold.todos,
        mode=fold.mode,
        usage=fold.usage,
        last_activity=datetime.fromtimestamp(path.stat().st_mtime, UTC),
        torn_lines=fold.unread[Unread.TORN],
        unknown_events=fold.unread[Unread.UNKNOWN],
        secrets_hidden=fold.secrets_hidden,
    )


@dataclass(frozen=True)
class Opening:
    """Enough to list a journal. `text` is what the person typed first, without what the program adds to it
    for the model; `None` when there is no message yet."""

    session: SessionStarted
    text: str | None


def read_opening(path: Path) -> Opening:
    """Reads no further than the first message. Raises: SessionError as `replay` does."""
    with closing(_events(path)) as events:
        session = _first(events, path)
        typed = ""
        for event in events:
            match event:
                case TurnStarted(agent="main", text=text):
                    typed = text
                case MessageAdded(agent="main", message=UserMessage(text=text)):
                    return Opening(session, typed or text)
                case _:
                    continue
    return Opening(session, None)


@dataclass
class _Fold:
    session: SessionStarted
    history: list[Message] = field(default_factory=list)
    endings: Endings = field(default_factory=lambda: Endings({}))
    todos: tuple[TodoItem, ...] = ()
    mode: Mode | None = None
    usage: Usage = field(default_factory=Usage)
    unread: dict[Unread, int] = field(default_factory=lambda: dict.fromkeys(Unread, 0))
    secrets_hidden: bool = False

    def __post_init__(self) -> None:
        self.endings.hear(self.session)

    def add(self, event: Event | Unread) -> None:
        if not isinstance(event, Unread):
            self.endings.hear(event)
        match event:
            case Unread():
                self.unread[event] += 1
            case MessageAdded(agent="main", message=message):
                self.history.append(message)
            case Compacted(agent="main", history=history):
                self.history, self.secrets_hidden = list(history), False
            case SecretsHidden(agent="main"):
                self.secrets_hidden = True
            case TodosChanged(agent="main", items=items):
                self.todos = items
            case ModeChanged(mode=mode):
                self.mode = mode
            case ThinkChanged(think=think):
                self._change_head(self.session.head.model_copy(update={"think": think}))
            case HeadChanged(agent="main", head=head):
                self._change_head(head)
            case UsageReported(usage=usage):
                self.usage += usage
            case _:
                pass

    def _change_head(self, head: Head) -> None:
        self.session = self.session.model_copy(update={"head": head})


def _events(path: Path) -> Generator[Event | Unread, None, None]:
    try:
        with open(path, "rb", opener=_open_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise SessionError(f"{path} is not a regular file, so no journal. Start a new session.")
            for line in file:
                yield _event(line, path)
    except OSError as e:
        raise SessionError(f"The journal {path} cannot be read: {e.strerror}. Start a new session.") from e


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def _event(line: bytes, path: Path) -> Event | Unread:
    with contextlib.suppress(ValidationError):
        return EVENT.validate_json(line)
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return Unread.TORN
    with contextlib.suppress(ValidationError):  # half of a surrogate pair, which only `json` reads
        return EVENT.validate_python(value)
    if isinstance(value, dict) and value.get("type") in _VITAL:
        raise SessionError(
            f"The journal {path} was written by another version of ollama-code and this one cannot read its "
            "messages. Update ollama-code, or start a new session."
        )
    return Unread.UNKNOWN


def _first(events: Iterator[Event | Unread], path: Path) -> SessionStarted:
    first = next(events, None)
    if not isinstance(first, SessionStarted):
        why = "is empty" if first is None else "is no journal of ollama-code, or its first line is damaged"
        raise SessionError(f"{path} {why}. Start a new session, or name another one.")
    return first


def _open_calls(history: Sequence[Message]) -> tuple[ToolCall, ...]:
    answered: set[str] = set()
    for message in reversed(history):
        match message:
            case ToolMessage(call_id=call_id):
                answered.add(call_id)
            case AssistantMessage(calls=calls):
                return tuple(call for call in calls if call.id not in answered)
            case _:
                return ()
    return ()
