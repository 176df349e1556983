"""When work in a thread has to end: its time is up, or nobody waits for it any more.

A thread cannot be cancelled, so it asks; a search that is stopped gives what it has and says so."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


class Stop:
    """Shared by the coroutine that waits and the thread that works. Loops ask `now` once per item."""

    def __init__(self, limit_s: float) -> None:
        self._end = time.monotonic() + limit_s
        self._cancelled = threading.Event()

    @property
    def now(self) -> bool:
        return self._cancelled.is_set() or time.monotonic() >= self._end

    @property
    def left_s(self) -> float:
        """Never negative; 0 when cancelled."""
        return 0.0 if self._cancelled.is_set() else max(0.0, self._end - time.monotonic())

    def cancel(self) -> None:
        self._cancelled.set()


@contextmanager
def stopping(limit_s: float) -> Iterator[Stop]:
    """A `Stop` that is cancelled when the block is left, so that no thread outlives the one who waited."""
    stop = Stop(limit_s)
    try:
        yield stop
    finally:
        stop.cancel()


async def in_thread(work: Callable[[Stop], T], *, limit_s: float) -> T:
    """`work(stop)` in a thread. Cancelling the await returns at once and tells the thread to end."""
    with stopping(limit_s) as stop:
        return await asyncio.to_thread(work, stop)
