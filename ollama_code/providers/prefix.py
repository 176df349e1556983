"""The prefix guarantee, watched: each request of a conversation must begin with all of the one before it.

What an engine has read it reads again from the first byte that differs: at 300 tokens a second a changed word at the
front of a long conversation costs minutes."""

from __future__ import annotations

from dataclasses import dataclass

from ollama_code.ports import ChatRequest
from ollama_code.providers.wire import prompt_parts

_CHARS_PER_TOKEN = 3.7


@dataclass(frozen=True)
class Break:
    """`by` names what differs, `lost_bytes` is how much of what had been read must be read again. `planned` breaks
    are those of a compaction."""

    by: str
    lost_bytes: int
    planned: bool = False

    @property
    def lost_tokens(self) -> int:
        """About."""
        return round(self.lost_bytes / _CHARS_PER_TOKEN)

    def __str__(self) -> str:
        tokens = max(round(self.lost_tokens, -2), 100)
        return f"The engine has to read about {tokens:,} tokens again: {self.by} changed."


class PrefixWatch:
    """Of one conversation; asked before each of its requests is sent."""

    def __init__(self) -> None:
        self.breaks: list[Break] = []
        self._last: list[tuple[str, bytes]] = []
        self._planned: tuple[str, ...] = ()
        self._before = self._state()

    def restart(self, why: str) -> None:
        """The next request differs on purpose, because of `why`, and of what was said before."""
        self._planned = tuple(dict.fromkeys((*self._planned, why)))

    def unread(self) -> None:
        """The last request was refused: nobody has read it, and the next one extends the one before."""
        self._last, self._planned, breaks = self._before
        del self.breaks[breaks:]

    def check(self, request: ChatRequest, *, side: bool = False) -> Break | None:
        """What breaks the prefix, unless it was planned. A `side` request must extend the last one too, but nothing
        has to extend it."""
        parts = prompt_parts(request)
        last = self._last
        same = next((i for i, part in enumerate(last) if parts[i : i + 1] != [part]), len(last))
        planned = " and ".join(self._planned)
        self._before = self._state()
        if not side:
            self._last, self._planned = parts, ()
        if same == len(last):
            return None
        lost = sum(len(said) for _, said in last[same:])
        found = Break(planned or last[same][0], lost, planned=bool(planned))
        self.breaks.append(found)
        return None if found.planned else found

    def _state(self) -> tuple[list[tuple[str, bytes]], tuple[str, ...], int]:
        return self._last, self._planned, len(self.breaks)
