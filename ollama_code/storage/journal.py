"""The journal of a session: every event that matters, one JSON line each, written as it happens.

Append-only with one writer. A full disk or a folder that became read-only stops nothing: lines wait in memory."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import JsonValue

from ollama_code.core.errors import SessionError
from ollama_code.core.events import (
    EVENT,
    CallDrafted,
    Compacted,
    Event,
    MessageAdded,
    PhaseChanged,
    SecretsHidden,
    SessionStarted,
    TextDelta,
    ThinkingDelta,
    ToolProgressed,
)
from ollama_code.storage.atomic import private_directory

_FLEETING = (TextDelta, ThinkingDelta, CallDrafted, ToolProgressed, PhaseChanged)
"""Not written: a later `MessageAdded` or `ToolFinished` says the same in one piece."""
_PICTURES = "images"
"""Bytes in base64, in which chance may spell anything."""


class Journal:
    """An observer of the event stream: call it with each event. It never raises and never waits for a lock.

    Bytes that could not be written are kept, without a bound (they are about as many as the history that the
    session holds anyway), and written before the next line; a line that the disk took half of is finished where
    it stopped. Until then `trouble` is a sentence for the person, and "" when everything is on disk."""

    def __init__(self, path: Path, redact: Callable[[str], str] = str) -> None:
        """`redact` is a text without what must not be on the disk; the head, which holds nothing that was read, is
        written as it is. Raises: SessionError when another process writes this journal."""
        self.trouble = ""
        self._path = path
        self._redact = redact
        self._lock = FileLock(path.with_suffix(".lock"), timeout=0, mode=0o600, thread_local=False)
        self._file: int | None = None
        self._waiting = bytearray()
        self._closed = False
        try:
            self._open()
        except Timeout as e:
            raise SessionError(
                f"The session {path.parent.name} is open in another running ollama-code, which writes {path}. "
                "End that one first, or start a new session here."
            ) from e
        except OSError as e:
            self._note(e)

    def __call__(self, event: Event) -> None:
        if not self._closed and not isinstance(event, _FLEETING):
            kept = event if isinstance(event, SessionStarted) else self._without_secrets(event)
            self._waiting += _line(kept)
            if kept is not event and isinstance(event, MessageAdded | Compacted):
                self._waiting += _line(SecretsHidden(agent=event.agent))
            self._write()

    def close(self) -> None:
        """A last attempt to write, then everything is forced to the disk and others may open the journal.
        `trouble` says afterwards whether lines were lost. Events that come later are ignored."""
        if self._closed:
            return
        self._closed = True
        self._write()
        if self._file is not None:
            try:
                os.fsync(self._file)
            except OSError as e:
                self._note(e)
            os.close(self._file)
        with contextlib.suppress(OSError):
            self._lock.release()

    def _without_secrets(self, event: Event) -> Event:
        """The event itself when there are none in it."""
        whole = EVENT.dump_python(event, mode="json")
        kept = self._redacted(whole)
        return event if kept == whole else EVENT.validate_python(kept)

    def _redacted(self, value: JsonValue) -> JsonValue:
        match value:
            case str():
                return self._redact(value)
            case list():
                return [self._redacted(one) for one in value]
            case dict():
                return {
                    name: one if name == _PICTURES else self._redacted(one) for name, one in value.items()
                }
            case _:
                return value

    def _open(self) -> int:
        if self._file is None:
            private_directory(self._path.parent)
            if not self._lock.is_locked:
                self._lock.acquire()
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
            self._file = os.open(self._path, flags, 0o600)
            size = os.fstat(self._file).st_size
            if size and os.pread(self._file, 1, size - 1) != b"\n":
                # The last writer was killed within a line: leave that, begin another.
                self._waiting[:0] = b"\n"
        return self._file

    def _write(self) -> None:
        try:
            file = self._open()
            while self._waiting:
                written = os.write(file, self._waiting)  # one call a line unless the disk takes less
                del self._waiting[:written]
            self.trouble = ""
        except OSError as e:
            self._note(e)

    def _note(self, error: OSError) -> None:
        self.trouble = (
            f"The journal of this session cannot be written ({error.strerror or error}): {self._path}. "
            "The session goes on and keeps its events in memory; they are written as soon as that works again. "
            "What is in memory is lost when the program ends."
        )


def _line(event: Event) -> bytes:
    try:
        return EVENT.dump_json(event) + b"\n"
    except ValueError:  # half of a surrogate pair, which only the escapes of JSON can carry
        return json.dumps(EVENT.dump_python(event, mode="json")).encode() + b"\n"
