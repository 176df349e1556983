"""Words that arrive in pieces, laid into lines of a given width: a word is held until it is whole."""

from __future__ import annotations

import re

from rich.cells import cell_len

_WORD = re.compile(r"\n|[^\S\n]+|\S+")
_HELD_CELLS = 200
"""A word longer than this is no word: it is let go in pieces."""


class Flow:
    """Feed text, print what comes back. Blanks that would begin a line fall away; the text's own line breaks stay."""

    def __init__(self) -> None:
        self._held = ""
        self._used = 0

    def feed(self, piece: str, width: int) -> str:
        words = _WORD.findall(self._held + piece)
        self._held = ""
        if words and not words[-1].isspace() and cell_len(words[-1]) < _HELD_CELLS:
            self._held = words.pop()
        return "".join(self._lay(word, width) for word in words)

    def flush(self, width: int) -> str:
        """The last word, and a fresh start."""
        held, self._held = self._held, ""
        last = self._lay(held, width) if held else ""
        self._used = 0
        return last

    def _lay(self, word: str, width: int) -> str:
        if word == "\n":
            self._used = 0
            return word
        cells = cell_len(word.expandtabs(4))
        if self._used and self._used + cells > width:
            self._used = 0 if word.isspace() else cells
            return "\n" if word.isspace() else f"\n{word}"
        self._used += cells
        return word
