"""What another program pipes into stdin, read without ever hanging on a pipe that says nothing."""

from __future__ import annotations

import os
import select
import stat
from dataclasses import dataclass

SILENCE_S = 1.0
"""A pipe that gives no byte for this long is taken to have said everything: an editor or a service often leaves
an open, silent pipe as stdin."""
SIZE_LIMIT_BYTES = 10 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True)
class Piped:
    """`notice` says what a person should know about how the reading ended; empty at a plain end of file."""

    text: str
    notice: str = ""


def read_piped(descriptor: int) -> Piped:
    """Everything that comes from `descriptor`; nothing when it is a terminal, closed or not readable."""
    try:
        if os.isatty(descriptor):
            return Piped("")
        kind = os.fstat(descriptor).st_mode
    except OSError:
        return Piped("")
    if stat.S_ISCHR(kind):
        return Piped("")  # /dev/null, /dev/zero: nobody pipes a device
    data, notice = _read(descriptor, waits=not stat.S_ISREG(kind))
    return Piped(data.decode("utf-8", "replace"), notice)


def _read(descriptor: int, *, waits: bool) -> tuple[bytes, str]:
    chunks: list[bytes] = []
    size = 0
    while True:
        if waits and not select.select([descriptor], [], [], SILENCE_S)[0]:
            return b"".join(chunks), _silent(size)
        try:
            chunk = os.read(descriptor, _CHUNK_BYTES)
        except OSError as e:
            return b"".join(chunks), f"Reading stdin failed: {e.strerror}."
        if not chunk:
            return b"".join(chunks), ""
        chunks.append(chunk)
        size += len(chunk)
        if size >= SIZE_LIMIT_BYTES:
            limit_mib = SIZE_LIMIT_BYTES // 2**20
            return b"".join(chunks)[:SIZE_LIMIT_BYTES], f"Only the first {limit_mib} MiB of stdin were read."


def _silent(size: int) -> str:
    if size == 0:
        return "Stdin is an open pipe that sent nothing for 1 s; going on without it."
    return f"Stdin sent nothing more for 1 s; going on with the {size:,} bytes that came."
