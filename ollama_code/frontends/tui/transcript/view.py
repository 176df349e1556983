"""What the viewport shows right now: its rows as strips, which of them changed since the last drawing, and what lies
under a cell. Draws the selection, the scroll bar and the hint over the text."""

from __future__ import annotations

from textual.selection import Selection
from textual.strip import Strip

from ollama_code.frontends.tui.transcript.edge import Edge
from ollama_code.frontends.tui.transcript.line import Link
from ollama_code.frontends.tui.transcript.pages import Pages, Spot
from ollama_code.frontends.tui.transcript.paint import highlighted, under
from ollama_code.frontends.tui.transcript.selection import Unit, chars_in


class View:
    """`strips` has one strip per row of the viewport."""

    def __init__(self, pages: Pages) -> None:
        self.strips: list[Strip] = []
        self.new_below = 0
        """Rows that came while the reader was further up."""
        self._pages = pages
        self._edge = Edge(pages)
        self._spots: list[Spot] = []

    def draw(self, selection: Selection | None) -> tuple[int, int]:
        """Make the rows anew. Returns the rows that changed, first and last (exclusive): equal when none did."""
        pages = self._pages
        self._spots = pages.view()
        strips = [pages.pages[spot.page].strip(spot.row) for spot in self._spots]
        blank = pages.blank
        strips += [blank] * (pages.view_height - len(strips))
        if selection is not None:
            self._tint(strips, selection)
        if pages.following:
            self.new_below = 0
        elif strips:
            if self.new_below:
                strips[-1] = self._edge.hint(strips[-1], self.new_below, pages.ink)
            self._edge.bar(strips, pages.ink)
        return self._take(strips)

    def unit_at(self, x: int, y: int) -> Unit | None:
        """The visible character at a cell, the nearest row's when `y` is outside; None when there is nothing."""
        if not self._spots:
            return None
        beyond = y >= len(self._spots)
        spot = self._spots[max(0, min(y, len(self._spots) - 1))]
        page = self._pages.pages[spot.page]
        place = page.place(spot.row)
        if place is None:
            return Unit(spot.page, 0, 0, 0)
        line, row = place
        start, end = under(page.line(line), page.canvas, row, 1_000_000 if beyond else -1 if y < 0 else x)
        return Unit(spot.page, line, start, end)

    def spot_at(self, y: int) -> Spot | None:
        return self._spots[y] if 0 <= y < len(self._spots) else None

    def link_at(self, x: int, y: int) -> Link | None:
        unit = self.unit_at(x, y) if self.spot_at(y) else None
        if unit is None or unit.start == unit.end:
            return None
        links = self._pages.lines(unit.page)[unit.line].links if self._pages.lines(unit.page) else ()
        return next((link for link in links if link.start <= unit.start < link.end), None)

    def row_of_page(self, index: int) -> int:
        """The row of the view where page `index` begins; negative when it begins above."""
        for y, spot in enumerate(self._spots):
            if spot.page == index:
                return y - spot.row + self._pages.pages[index].gap
        return 0

    def _tint(self, strips: list[Strip], selection: Selection) -> None:
        style = self._pages.ink.selection
        for y, spot in enumerate(self._spots):
            page = self._pages.pages[spot.page]
            place = page.place(spot.row)
            if place is None:
                continue
            line = page.line(place[0])
            chars = chars_in(selection, spot.page, place[0], len(line.text))
            if chars[0] < chars[1]:
                strips[y] = highlighted(line, page.canvas, place[1], chars, style)

    def _take(self, strips: list[Strip]) -> tuple[int, int]:
        old, self.strips = self.strips, strips
        if len(old) != len(strips):
            return 0, len(strips)
        first = next((y for y, (a, b) in enumerate(zip(old, strips, strict=True)) if a is not b), None)
        if first is None:
            return 0, 0
        last = next(y for y in range(len(strips) - 1, -1, -1) if old[y] is not strips[y])
        return first, last + 1
