"""Walking through earlier prompts. Pure: no widget, no disk."""

from __future__ import annotations

from collections.abc import Sequence


class Recall:
    """Earlier prompts, oldest first, and below them the draft. What is changed on the way, the draft too, is kept
    until the next prompt is sent."""

    def __init__(self, entries: Sequence[str]) -> None:
        self._entries = list(entries)
        self._changed: dict[int, str] = {}
        self._at = len(self._entries)

    def precede(self, entries: Sequence[str]) -> None:
        """Put what was typed earlier, oldest first, in front of what is here."""
        self._entries[:0] = entries
        self._changed = {at + len(entries): text for at, text in self._changed.items()}
        self._at += len(entries)

    def older(self, text: str) -> str | None:
        """The prompt before the one shown as `text`, `None` at the oldest."""
        return self._step(-1, text)

    def newer(self, text: str) -> str | None:
        """The prompt after the one shown as `text`, `None` at the draft."""
        return self._step(+1, text)

    def remember(self, text: str) -> None:
        """Add the newest; the walk begins again below it. One that repeats the newest is not added."""
        if text.strip() and self._entries[-1:] != [text]:
            self._entries.append(text)
        self.leave()

    def leave(self) -> None:
        """Begin again at the draft, with nothing changed."""
        self._changed.clear()
        self._at = len(self._entries)

    def _step(self, by: int, text: str) -> str | None:
        to = self._at + by
        if not 0 <= to <= len(self._entries):
            return None
        self._changed[self._at] = text
        self._at = to
        return self._changed.get(to, self._entries[to] if to < len(self._entries) else "")
