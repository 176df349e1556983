"""Who is let in, and whose turn it is at an engine: as many at a time as it has slots, a short queue in front."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager

from ollama_code.core.errors import ServerBusy

QUEUE = 16
"""Requests that may wait; a client that is told to come back later is better off than one that waits for hours."""


class Admission:
    """To the proxy as a whole: `at_once` requests and those that may wait, no more."""

    def __init__(self, at_once: int, queue: int = QUEUE) -> None:
        self.inside = 0
        """Requests that were let in and are not done."""
        self._limit = at_once + queue

    @contextmanager
    def let_in(self) -> Iterator[None]:
        """For one request as long as it takes, its tools included. Raises: ServerBusy."""
        if self.inside >= self._limit:
            raise ServerBusy(
                f"The proxy has {self._limit} requests already. Send this one again in a moment."
            )
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1


class Slots:
    """Of one engine. First come, first served; who goes `behind` waits for all others, as titles do for answers."""

    def __init__(self, count: int = 1) -> None:
        self._count = self._free = count
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._behind: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        """Answers that wait for their turn."""
        return sum(not turn.done() for queue in (self._waiting, self._behind) for turn in queue)

    @property
    def running(self) -> int:
        """Answers that are being written."""
        return self._count - self._free

    @property
    def free(self) -> int:
        return self._free

    @asynccontextmanager
    async def turn(self, *, behind: bool = False) -> AsyncGenerator[None, None]:
        """For one answer of the model: the engine stands idle while tools run, and may write for another."""
        if self._free:
            self._free -= 1
        else:
            await self._wait(self._behind if behind else self._waiting)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, queue: deque[asyncio.Future[None]]) -> None:
        turn = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it was given at the same moment
                self._pass_on()
            elif turn in queue:
                queue.remove(turn)
            raise

    def _pass_on(self) -> None:
        queue = self._waiting or self._behind
        while queue:
            turn = queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
            queue = self._waiting or self._behind
        self._free += 1
