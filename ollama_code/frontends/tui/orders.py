"""Orders of the person, carried out one at a time: which runs, which wait, which are held until the person says so.
Knows no session and no screen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

Job = Callable[[], Awaitable[None]]
Tell = Callable[[tuple[str, ...], tuple[str, ...]], None]
"""Hears the lines that wait and those that are held, oldest first, whenever they may have changed."""


@dataclass(frozen=True)
class Order:
    """`line` is what the person typed, empty for what a dialog ordered."""

    job: Job
    line: str = ""


class Orders:
    """What waits can be seen and taken back. When an order is stopped or goes wrong, nothing goes on by itself."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._waiting: list[Order] = []
        self._held: list[Order] = []
        self._wake = asyncio.Event()
        self._current: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        return self._current is not None

    def put(self, order: Order) -> None:
        self._waiting.append(order)
        self._wake.set()
        self.announce()

    def hold(self, *first: Order) -> None:
        """Keep the lines of `first` and those that wait from being carried out before `release`."""
        self._held += [order for order in (*first, *self._waiting) if order.line]
        self._waiting = [order for order in self._waiting if not order.line]
        self.announce()

    def keep(self, *orders: Order) -> None:
        """Hold these, and nothing that waits."""
        self._held += orders
        self.announce()

    def release(self, *first: Order) -> None:
        """Carry out `first`, then what was held, before all that waits."""
        self._waiting[:0] = [*first, *self._held]
        self._held = []
        self._wake.set()
        self.announce()

    def take_back(self) -> str:
        """The line that waits last, out of the queue; empty when none does."""
        for orders in (self._waiting, self._held):
            for index in range(len(orders) - 1, -1, -1):
                if line := orders[index].line:
                    del orders[index]
                    self.announce()
                    return line
        return ""

    def announce(self) -> None:
        """What waits is what a running order keeps waiting: when none runs, the next one begins at once."""
        self._tell(_lines(self._waiting if self.busy else ()), _lines(self._held))

    async def next(self) -> Order:
        """The one to carry out now, as soon as there is one."""
        while not self._waiting:
            self._wake.clear()
            await self._wake.wait()
        return self._waiting.pop(0)

    async def carry_out(self, job: Job) -> None:
        """Until it ends or is stopped. Raises: what the job raises; when this is cancelled, the job goes on until
        `close`."""
        task = asyncio.ensure_future(job())
        self._current = task
        self.announce()
        await asyncio.wait({task})
        self._current = None
        if not task.cancelled() and (bug := task.exception()) is not None:
            raise bug

    def stop(self) -> bool:
        """Stop what runs now and hold what waits; false when nothing runs."""
        if self._current is None:
            return False
        self.hold()
        self._current.cancel()
        return True

    async def close(self) -> None:
        """Stop what runs and wait until it has ended."""
        if self._current is not None:
            self._current.cancel()
            await asyncio.wait({self._current})


def _lines(orders: Sequence[Order]) -> tuple[str, ...]:
    return tuple(order.line for order in orders if order.line)
