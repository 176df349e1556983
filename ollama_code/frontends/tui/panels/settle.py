"""The first half second of a panel that opens while someone types: no key answers, no key is lost."""

from __future__ import annotations

from collections.abc import Callable

from textual.binding import Binding
from textual.events import Key, Paste
from textual.message import Message
from textual.widget import Widget

SETTLE_S = 0.5
"""A question answers to no key before it has been on the screen this long, nor this soon after a key that was
meant for the prompt: half a word goes where the other half went."""

Clock = Callable[[], float]
"""Seconds that only grow."""


class Typed(Message):
    """A key or a paste that reached a panel but was meant for the prompt: the app answers with `replay(prompt)`."""

    def __init__(self, event: Key | Paste) -> None:
        super().__init__()
        self.event = event

    def replay(self, target: Widget) -> None:
        """Let `target` have it as if it had the focus, after what it was given before."""
        action = _bound(target, self.event.key) if isinstance(self.event, Key) else None
        if action is None:
            target.post_message(self.event)
        else:
            target.call_later(target.run_action, action)


def _bound(target: Widget, key: str) -> str | None:
    """The action a key is bound to. Textual looks bindings up from the focused widget only."""
    for kind in type(target).__mro__:
        for binding in Binding.make_bindings(vars(kind).get("BINDINGS", ())):
            if binding.key == key:
                return binding.action
    return None


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
        """True for a key that came too early; a printable one makes the wait begin again."""
        if self.over:
            return False
        if event.is_printable:
            self.begin()
        return True
