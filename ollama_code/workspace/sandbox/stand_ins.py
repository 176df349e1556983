"""What is put where nothing is, so that it can be held: a command could else make there what other programs obey.

Each stands for nothing, so that it does no harm where a session ends before it can be taken away."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_FOLDERS = (".ollama-code", ".git/hooks")
_FILES = {".git/config.worktree": b"", ".git/commondir": b".\n"}
"""Git reads its settings from where `commondir` says, from `.git` onwards: the point says it is where it was."""


class StandIns:
    """Blocks; never raises: what cannot be made cannot be made by a command either."""

    def __init__(self, roots: Iterable[str]) -> None:
        """`roots` are resolved."""
        self._roots = tuple(map(Path, roots))
        self._made: dict[Path, bytes | None] = {}

    def put(self) -> None:
        """Asked before each command: the one before may have made a repository."""
        for root in self._roots:
            has_git = _is_folder(root / ".git")
            wanted: dict[str, bytes | None] = {**dict.fromkeys(_FOLDERS), **_FILES}
            for name, content in wanted.items():
                if has_git or not name.startswith(".git/"):
                    self._put(root / name, content)
                if content and _holds(root / name, content):  # also one that a session left that was killed
                    self._made[root / name] = content

    def take_away(self) -> None:
        """Those in which nobody has put anything since."""
        for path, content in self._made.items():
            with suppress(OSError):
                if content is None:
                    path.rmdir()
                elif _holds(path, content):
                    path.unlink()
        self._made.clear()

    def _put(self, path: Path, content: bytes | None) -> None:
        with suppress(OSError):
            if content is None:
                path.mkdir()
            else:
                descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o644)
                os.write(descriptor, content)
                os.close(descriptor)
            self._made[path] = content


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.is_file() and path.read_bytes() == content
    except OSError:
        return False


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False
