"""Whether a tree of files is still as it was: one short value for all of it.

Ignored files do not count, links are not followed. A file that was written since counts by its content, so that
writing the same bytes again changes nothing."""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import closing

from ollama_code.workspace.confine import Anchor, WrongKind
from ollama_code.workspace.handles import held_at
from ollama_code.workspace.ignore import Sources, rules_at
from ollama_code.workspace.stop import Stop, in_thread
from ollama_code.workspace.walk import Found, Walk

_LIMIT_S = 3.0
_MOST_BYTES = 4_000_000
"""A larger file that changes counts by its size and time, not by its content."""


class Fingerprint:
    """Of the tree below `root`, which is absolute and resolved."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._since_ns = time.time_ns()

    async def take(self) -> str:
        """Equal for an equal tree. A tree too large to be looked at in a few seconds, or gone, never is."""
        try:
            return await in_thread(self._take, limit_s=_LIMIT_S)
        except OSError:
            return f"unknown {time.monotonic_ns()}"

    def _take(self, stop: Stop) -> str:
        digest = hashlib.sha256()
        with closing(Anchor("/")) as anchor, held_at(anchor, self._root) as start:
            walk = Walk(start, rules_at(anchor, self._root, self._root, Sources()), stop)
            with closing(Anchor(self._root)) as root, closing(iter(walk)) as files:
                for file in files:
                    digest.update(os.fsencode(f"{file.path}\0{self._state(root, file)}\0"))
        return digest.hexdigest() if walk.complete else f"unknown {time.monotonic_ns()}"

    def _state(self, root: Anchor, file: Found) -> str:
        stat = file.stat
        if stat.st_mtime_ns < self._since_ns or file.link or stat.st_size > _MOST_BYTES:
            return f"{stat.st_size} {stat.st_mtime_ns}"
        try:
            with root.slot(file.path) as slot, os.fdopen(slot.open_file(), "rb") as content:
                return hashlib.sha256(content.read()).hexdigest()
        except (OSError, WrongKind):
            return "unreadable"
