"""The names of all files of a workspace, kept at hand so that a few typed letters find one at once.

Ignored files are left out, links are not followed, nothing is opened. Names that no path argument may have
(control characters, broken text) are left out too."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from contextlib import closing
from itertools import islice

from ollama_code.workspace.confine import Anchor
from ollama_code.workspace.fuzzy import Paths, best
from ollama_code.workspace.handles import held_at
from ollama_code.workspace.ignore import Sources, rules_at
from ollama_code.workspace.stop import Stop, in_thread
from ollama_code.workspace.walk import Walk

_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_WALK_LIMIT_S = 30.0
_SEARCH_LIMIT_S = 2.0


class FileIndex:
    """`root` is absolute and resolved, as `Workspace.root` is. Walks and searches run in threads.

    The first search waits for the first walk. Later ones answer from what is known, and start a new walk when
    that is older than `fresh_s` seconds."""

    def __init__(
        self,
        root: str,
        *,
        most: int = 200_000,
        fresh_s: float = 3.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.root = root
        self._most = most
        self._fresh_s = fresh_s
        self._clock = clock
        self._paths: Paths | None = None
        self._walked_at = 0.0
        self._walking: asyncio.Task[None] | None = None

    async def search(self, letters: str, limit: int) -> list[str]:
        """Paths from the root, the best first. Cancelling it leaves the walk for the next search."""
        if self._paths is None or self._clock() - self._walked_at >= self._fresh_s:
            self._start_walk()
        if self._paths is None:
            assert self._walking is not None
            await asyncio.shield(self._walking)
        paths = self._paths or Paths((), ())
        return await in_thread(
            lambda stop: best(letters, paths, limit, stopped=lambda: stop.now), limit_s=_SEARCH_LIMIT_S
        )

    async def refresh(self) -> None:
        """Walk now and wait for it: to be warm before the first search."""
        self._start_walk()
        assert self._walking is not None
        await asyncio.shield(self._walking)

    async def close(self) -> None:
        """End a walk that is under way."""
        if self._walking is not None:
            self._walking.cancel()
            await asyncio.wait([self._walking])

    def _start_walk(self) -> None:
        if self._walking is None or self._walking.done():
            self._walking = asyncio.create_task(self._walk())

    async def _walk(self) -> None:
        try:
            self._paths = await in_thread(self._list, limit_s=_WALK_LIMIT_S)
        except OSError:
            # The root is gone or closed to us: what was known of it is as good as anything.
            self._paths = self._paths or Paths((), ())
        self._walked_at = self._clock()

    def _list(self, stop: Stop) -> Paths:
        with closing(Anchor("/")) as anchor, held_at(anchor, self.root) as start:
            walk = Walk(start, rules_at(anchor, self.root, self.root, Sources()), stop)
            with closing(iter(walk)) as found:
                fit = (file.path for file in found if not _UNFIT.search(file.path))
                return Paths.of(tuple(islice(fit, self._most)))
