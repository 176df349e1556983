"""Files that are whole or absent: private folders, and replacement in one step."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path


def private_directory(path: Path) -> None:
    """Create `path` and each missing parent for this user alone; leave what is there as it is. Raises: OSError."""
    if not path.is_dir():
        private_directory(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)


def write_atomic(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Replace `path` by `data`: after a crash it holds the old bytes or the new ones. A symbolic link there is
    replaced itself, not its target. Raises: OSError, and then nothing has changed."""
    private_directory(path.parent)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        with open(draft, "xb", opener=_private_opener) as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync_directory(path.parent)


def _private_opener(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _sync_directory(path: Path) -> None:
    """So that the new name survives a power cut. Some file systems cannot; the content is safe even so."""
    with contextlib.suppress(OSError):
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
