"""Lines typed at the prompt, newest last: one JSON string a line, so that a prompt of many lines is one. Keys and
tokens in them are not kept.

History is a comfort, not data: nothing here raises for a file that cannot be read or written."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ollama_code.core.redact import Redactor
from ollama_code.storage.atomic import private_directory, write_atomic

_log = logging.getLogger(__name__)
_LARGEST_BYTES = 2 << 20
"""A file that has grown past this is cut to the newest half."""
_LONGEST_BYTES = 256 << 10
"""A longer entry is a pasted file rather than a prompt; the session's journal has it."""
_LOCK_WAIT_S = 1.0
"""A write takes milliseconds: who holds the lock longer is stuck."""


class InputHistory:
    """One file shared by every running ollama-code of this user, for that user alone. Both methods block for
    about a millisecond; with a stuck lock, `append` for a second."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._redact = Redactor().sure

    def load(self, most: int = 1000) -> list[str]:
        """The newest `most` entries, oldest first. Rows that are no JSON string are passed over."""
        try:
            rows = self._path.read_bytes().split(b"\n")
        except OSError:
            return []
        found: list[str] = []
        for row in reversed(rows):
            if len(found) >= most:
                break
            if (text := _entry(row)) is not None:
                found.append(text)
        return found[::-1]

    def append(self, text: str) -> None:
        row = json.dumps(self._redact(text)).encode() + b"\n"
        if len(row) > _LONGEST_BYTES:
            return
        try:
            private_directory(self._path.parent)
            with self._alone():
                if self._write(row) > _LARGEST_BYTES:
                    self._trim()
        except OSError as e:
            _log.info("The prompt is not kept in %s: %s", self._path, e)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Behind a stuck lock the work goes on: an append is whole even then, and is lost only in a trim."""
        lock = FileLock(self._path.with_name(f"{self._path.name}.lock"), timeout=_LOCK_WAIT_S, mode=0o600)
        with suppress(Timeout):
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def _write(self, row: bytes) -> int:
        """The size of the file afterwards. A row that a crash left torn is ended first, so that it takes only
        itself along."""
        fd = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(fd).st_size
            torn = size > 0 and os.pread(fd, 1, size - 1) != b"\n"
            return size + os.write(fd, b"\n" + row if torn else row)
        finally:
            os.close(fd)

    def _trim(self) -> None:
        _, _, whole_rows = self._path.read_bytes()[-_LARGEST_BYTES // 2 :].partition(b"\n")
        write_atomic(self._path, whole_rows)


def _entry(row: bytes) -> str | None:
    try:
        text = json.loads(row)
    except (ValueError, RecursionError):
        return None
    return text if isinstance(text, str) else None
