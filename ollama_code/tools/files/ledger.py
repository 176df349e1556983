"""What the model has seen of each file in this session, so that it never overwrites what it does not know."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ollama_code.ports import FileStat


@dataclass(frozen=True)
class _Seen:
    """`digest` when the whole content went by, else `stamp`: size, modification time and inode."""

    digest: str = ""
    stamp: tuple[int, int, int] = (0, 0, 0)


class ReadLedger:
    """Paths are absolute and resolved. One ledger serves every file tool of a session."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def saw(self, path: str, digest: str) -> None:
        """The model has read the file while its content was this, or has just written it."""
        self._seen[path] = _Seen(digest=digest)

    def saw_part(self, path: str, stat: FileStat) -> None:
        """The model has read a piece of a file too big to be digested."""
        self._seen[path] = _Seen(stamp=_stamp(stat))

    def knows(self, path: str) -> bool:
        return path in self._seen

    def changed(self, path: str, data: bytes, stat: FileStat | None) -> bool:
        """Whether a file the model has seen is another now. `data` and `stat` are what it is now."""
        seen = self._seen.get(path)
        if seen is None:
            return False
        if seen.digest:
            return seen.digest != digest_of(data)
        return stat is None or seen.stamp != _stamp(stat)


def digest_of(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _stamp(stat: FileStat) -> tuple[int, int, int]:
    return (stat.size_bytes, stat.mtime_ns, stat.inode)
