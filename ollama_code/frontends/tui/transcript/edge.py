"""What lies over the text: the scroll bar while the reader is not at the end, and the count of new lines below."""

from __future__ import annotations

from rich.segment import Segment
from textual.strip import Strip

from ollama_code.frontends.tui.transcript.ink import Ink
from ollama_code.frontends.tui.transcript.pages import Pages


class Edge:
    """Remembers per row what it last drew, so that rows that did not change stay the same objects."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._last: dict[int, tuple[Strip, bool, Strip]] = {}

    def bar(self, strips: list[Strip], ink: Ink) -> None:
        """Draw the scroll bar into the last column of `strips`."""
        top, end = thumb(self._pages)
        for y, strip in enumerate(strips):
            on = top <= y < end
            known = self._last.get(y)
            if known is None or known[0] is not strip or known[1] is not on:
                cell = Segment("▐", ink.thumb) if on else Segment("│", ink.border)
                width = strip.cell_length
                drawn = Strip([*strip.crop(0, width - 1), cell], width)
                known = self._last[y] = (strip, on, drawn)
            strips[y] = known[2]

    def hint(self, strip: Strip, count: int, ink: Ink) -> Strip:
        """`strip` with the number of new lines below at its right."""
        noun = "line" if count == 1 else "lines"
        words = f" ↓ {count:,} new {noun} below "
        width = strip.cell_length
        if len(words) > width - 1:
            words = f" ↓ {count:,} "[: max(0, width - 1)]
        at = width - 1 - len(words)
        return Strip.join(
            [strip.crop(0, at), Strip([Segment(words, ink.hint)]), strip.crop(width - 1, width)]
        )


def thumb(pages: Pages) -> tuple[int, int]:
    """Rows of the view that the thumb covers: first and last (exclusive)."""
    height, total = pages.view_height, max(pages.total, 1)
    size = max(1, height * height // max(total, height))
    free = max(0, height - size)
    beyond = max(1, total - height)
    top = min(free, round(free * min(pages.before, beyond) / beyond))
    return top, top + size
