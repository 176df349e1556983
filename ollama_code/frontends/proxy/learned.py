"""What the answers of this process have shown of each model, for the requests that come after them."""

from __future__ import annotations

from collections.abc import Sequence

from ollama_code.agent.meter import Meter, Pieces
from ollama_code.core.head import Head
from ollama_code.core.messages import Message
from ollama_code.core.usage import Usage


class Learned:
    """Each request counts its prompt anew; what was learned of a model's tokens makes that count closer."""

    def __init__(self) -> None:
        self._chars_per_token: dict[str, float] = {}
        self._without_tap: set[str] = set()
        self._last: tuple[Head, Meter] | None = None
        self._pieces = Pieces()
        """Clients send all that was said with every request."""

    def meter(self, head: Head) -> Meter:
        """A request asks for its own more than once."""
        if self._last is None or self._last[0] is not head:
            self._last = head, Meter(head, self._chars_per_token.get(head.model), self._pieces)
        return self._last[1]

    def count(self, head: Head, prompt: Sequence[Message], usage: Usage) -> None:
        """The server has counted a request with these messages."""
        meter = self.meter(head)
        meter.read(prompt, usage)
        if meter.learned:
            self._chars_per_token[head.model] = meter.learned

    def taps(self, model: str) -> bool:
        """Whether the raw tokens may be asked for."""
        return model not in self._without_tap

    def refused_tap(self, model: str) -> None:
        self._without_tap.add(model)
