"""Full texts of tool results that were too long for the model, kept beside the journal for a later look."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable
from itertools import count
from pathlib import Path

from ollama_code.core.errors import SessionError
from ollama_code.core.text import well_formed
from ollama_code.storage.atomic import private_directory

LIMIT_BYTES = 10_000_000
"""Of one file. A longer text keeps its first 60 % and last 40 %, as `core.text.shorten` does."""


class Outputs:
    """Files below one directory, which is created with the first of them."""

    def __init__(self, directory: Path, redact: Callable[[str], str] = str) -> None:
        """`redact` is a text without what must not be on the disk."""
        self._directory = directory
        self._redact = redact

    def keep(self, call_id: str, text: str) -> Path:
        """Write `text` to a new file named after the call; what is there already is never touched. Blocking:
        up to 10 MB are written. Raises: SessionError when it cannot be written; then nothing is left behind."""
        name = re.sub(r"[^A-Za-z0-9_-]+", "_", call_id)[:80].strip("_") or "call"
        data = _bounded(well_formed(self._redact(text)).encode())
        try:
            private_directory(self._directory)
            for number in count(1):
                with contextlib.suppress(FileExistsError):
                    return _write_new(
                        self._directory / (f"{name}-{number}.txt" if number > 1 else f"{name}.txt"), data
                    )
        except OSError as e:
            raise SessionError(
                f"The full output of {name} cannot be kept in {self._directory}: {e.strerror}."
            ) from e
        raise AssertionError("count never ends")


def _write_new(path: Path, data: bytes) -> Path:
    with open(path, "xb", opener=_private_opener) as file:
        try:
            file.write(data)
            file.flush()
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    return path


def _private_opener(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _bounded(data: bytes) -> bytes:
    """At most the limit and one line that counts what is missing."""
    missing = len(data) - LIMIT_BYTES
    if missing <= 0:
        return data
    head, tail = data[: LIMIT_BYTES * 6 // 10], data[-(LIMIT_BYTES * 4 // 10) :]
    note = f"\n[... {missing:,} bytes left out: only {LIMIT_BYTES:,} of an output are kept ...]\n"
    return b"".join((_whole(head), note.encode(), _whole(tail)))


def _whole(piece: bytes) -> bytes:
    """Without the characters that the cut went through."""
    return piece.decode("utf-8", "ignore").encode()
