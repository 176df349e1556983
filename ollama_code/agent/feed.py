"""The feed of a session: the one place where facts are announced.

Observers (the journal, an audit log) hear every event even if the front end walked away; the listener of the
running turn hears them too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ollama_code.core.events import Event

Observer = Callable[[Event], None]


class Feed:
    """`emit` never blocks and never raises; observers are called in order, on the event loop."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = list(observers)
        self._queue: asyncio.Queue[Event] | None = None

    def emit(self, event: Event) -> None:
        for observe in self._observers:
            observe(event)
        if self._queue is not None:
            self._queue.put_nowait(event)

    def observe(self, observer: Observer) -> None:
        self._observers.append(observer)

    @contextmanager
    def listening(self) -> Iterator[asyncio.Queue[Event]]:
        """A queue of what is announced from now on. One listener at a time."""
        assert self._queue is None, "a turn is already running in this session"
        self._queue = asyncio.Queue()
        try:
            yield self._queue
        finally:
            self._queue = None
