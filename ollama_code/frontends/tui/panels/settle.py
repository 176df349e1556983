"""The first half second of a panel that opens while someone types: no key answers, no key is lost."""

from __future__ import annotations

from collections.abc import Callable

from textual.events import Key, Paste
from textual.message import Message

SETTLE_S = 0.5
"""A question answers to no key before it has been on the screen this long, nor this soon after a key that was
meant for the prompt: half a word goes where the other half went."""

_WRITING = ("enter", "backspace")
"""With letters, the keys of who is in the middle of a line: a second Enter must not be an answer."""

Clock = Callable[[], float]
"""Seconds that only grow."""


class Typed(Message):
    """A key or a paste that reached a panel but was meant for the prompt: the app hands `event` to it."""

    def __init__(self, event: Key | Paste) -> None:
        super().__init__()
        self.event = event


class Settle:
    """Whether a panel is still too young to be answered."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until = 0.0

    def begin(self) -> None:
        self._until = self._clock() + SETTLE_S

    @property
    def over(self) -> bool:
        return self._clock() >= self._until

    def stray(self, event: Key) -> bool:
        """True for a key that came too early; one that writes or sends makes the wait begin again."""
        if self.over:
            return False
        if event.is_printable or event.key in _WRITING:
            self.begin()
        return True
