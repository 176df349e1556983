"""Signals that end a program, turned into the cancellation of one task, so that files and journals are closed."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def cancelled_by_signals(
    task: asyncio.Task[int], *, but: signal.Signals | None = None
) -> Iterator[list[signal.Signals]]:
    """While open, the first ending signal, of all but `but`, cancels `task`; a second one must not cut short the
    cleaning up that the first began. The list has the signals that came."""
    came: list[signal.Signals] = []
    loop = asyncio.get_running_loop()

    def cancel(number: signal.Signals) -> None:
        came.append(number)
        if len(came) == 1:
            task.cancel()

    numbers = [number for number in ENDING if number is not but]
    for number in numbers:
        loop.add_signal_handler(number, cancel, number)
    try:
        yield came
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
