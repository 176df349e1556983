"""Blocks laid out for one width, and the reader's place among them. Only what is near the viewport is laid out: the
rest has an estimated height, which no scroll position depends on. Knows rows and blocks, no widget."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from textual.strip import Strip

from ollama_code.frontends.tui.transcript.blocks import Block
from ollama_code.frontends.tui.transcript.ink import Ink
from ollama_code.frontends.tui.transcript.line import AnyLine
from ollama_code.frontends.tui.transcript.page import Page
from ollama_code.frontends.tui.transcript.paint import Canvas

KEPT_ROWS = 1000
"""Rows of blocks out of sight that stay laid out; beyond it the ones seen longest ago are forgotten."""


@dataclass(frozen=True)
class Spot:
    """A row of a page, both counted from 0."""

    page: int
    row: int


class Pages:
    """All pages and the spot at the top of the viewport. `following` keeps the end in sight."""

    def __init__(self, ink: Ink) -> None:
        self.ink = ink
        self.pages: list[Page] = []
        self.following = True
        self.top = Spot(0, 0)
        self.width = 0
        self.view_height = 0
        self._total = 0
        self._canvases: dict[int, Canvas] = {}
        self._recent: OrderedDict[int, None] = OrderedDict()  # laid-out pages, the longest unseen first

    @property
    def total(self) -> int:
        """Height of everything in rows: exact near the viewport, estimated elsewhere."""
        return self._total

    @property
    def blank(self) -> Strip:
        """A row below the last page."""
        return self._canvas(0).blank

    @property
    def before(self) -> int:
        """Rows above the viewport."""
        return sum(page.height for page in self.pages[: self.top.page]) + self.top.row

    def add(self, block: Block, depth: int) -> Page:
        last = next((page for page in reversed(self.pages) if not page.block.is_gone), None)
        quiet = last is not None and block.quiet and last.block.quiet and last.depth == depth
        page = Page(block, 0 if quiet or last is None else 1, depth)
        page.gap_depth = min(depth, last.depth) if last else depth
        page.resize(self._canvas(depth), self._canvas(page.gap_depth))
        self.pages.append(page)
        self._total += page.height
        return page

    def clear(self) -> None:
        self.pages, self._total, self.top, self.following = [], 0, Spot(0, 0), True
        self._recent.clear()

    def resize(self, width: int, height: int) -> None:
        """The words at the top of the viewport stay there."""
        self.view_height = height
        if width == self.width:
            return
        anchor = self._words_at_top()
        self.width = width
        self._canvases.clear()
        for page in self.pages:
            page.resize(self._canvas(page.depth), self._canvas(page.gap_depth))
        self._recent.clear()
        self._total = sum(page.height for page in self.pages)
        if anchor is not None and not self.following:
            page = self._ready(anchor[0])
            self.top = Spot(anchor[0], min(page.row_of(anchor[1]) + anchor[2], page.height - 1))

    def update(self, index: int) -> tuple[int, int]:
        """The block of page `index` changed. Returns the first row that changed and by how much the page grew."""
        page = self.pages[index]
        old = page.height
        was_laid_out = page.is_laid_out
        first = page.take_in(self.ink)
        page.lay_out(first if was_laid_out else 0)
        self._seen(index)
        self._total += page.height - old
        return (page.row_of(first) if was_laid_out else 0), page.height - old

    def view(self) -> list[Spot]:
        """The rows in sight from the top; fewer than the view is high only when there are no more.
        Lays out what it needs and, while following, moves to the end."""
        if self.following:
            self._pin_to_end()
        self._clamp()
        rows: list[Spot] = []
        index, row = self.top.page, self.top.row
        while index < len(self.pages) and len(rows) < self.view_height:
            page = self._ready(index)
            rows += [
                Spot(index, at) for at in range(row, min(page.height, row + self.view_height - len(rows)))
            ]
            index, row = index + 1, 0
        self._forget_far(self.top.page, index)
        return rows

    def scroll(self, rows: int) -> None:
        """Move by `rows`, down when positive. At the end the view follows again."""
        if not self.pages:
            return
        if rows < 0:
            self._clamp()
            self.following = False
        index, row = self.top.page, self.top.row + rows
        while row < 0 and index > 0:
            index -= 1
            row += self._ready(index).height
        while index < len(self.pages) - 1 and row >= self._ready(index).height:
            row -= self.pages[index].height
            index += 1
        self.top = Spot(index, max(0, row))
        self._follow_at_end()

    def hold(self, index: int, y: int) -> None:
        """Place the first line of page `index` at row `y` of the view."""
        self.top, self.following = Spot(index, self.pages[index].gap), False
        self.scroll(-max(0, y))
        self._follow_at_end()

    def toggle(self, index: int, *, is_open: bool) -> None:
        """Fold or unfold a block without moving what is at the top."""
        page = self.pages[index]
        if not page.block.folds or page.block.is_open == is_open:
            return
        page.block.is_open = is_open
        page.block.restart()
        if page.is_laid_out:
            self.update(index)

    def lines(self, index: int) -> list[AnyLine]:
        """The lines of page `index`, made when they are not there."""
        return self._ready(index).block.lines

    def to_start(self) -> None:
        self.top, self.following = Spot(0, 0), False
        self._follow_at_end()

    def to_end(self) -> None:
        self.following = True

    def to_row(self, row: int) -> None:
        """Jump to about `row` of `total`, as when a scroll bar is dragged."""
        index = 0
        while index < len(self.pages) - 1 and row >= self.pages[index].height:
            row -= self.pages[index].height
            index += 1
        self.top, self.following = Spot(index, max(0, row)), False
        if self.pages:
            page = self._ready(index)
            self.top = Spot(index, min(self.top.row, max(0, page.height - 1)))
        self._follow_at_end()

    def _canvas(self, depth: int) -> Canvas:
        """One canvas per depth: rows that are equal are the same object."""
        canvas = self._canvases.get(depth)
        if canvas is None:
            rule = (("│ ", self.ink.border),) * depth
            canvas = Canvas(max(1, self.width), self.ink.text, ((" ", self.ink.text), *rule))
            self._canvases[depth] = canvas
        return canvas

    def _ready(self, index: int) -> Page:
        page = self.pages[index]
        if not page.is_laid_out:
            self._total -= page.height
            while (not page.has_lines or page.block.behind) and page.take_in(self.ink) >= 0:
                pass
            page.lay_out()
            self._total += page.height
        self._seen(index)
        return page

    def _seen(self, index: int) -> None:
        self._recent[index] = None
        self._recent.move_to_end(index)

    def _end_spot(self) -> Spot:
        """The top when the last row is at the bottom."""
        left, index = self.view_height, len(self.pages)
        while index > 0 and left > 0:
            index -= 1
            left -= self._ready(index).height
        return Spot(index, max(0, -left))

    def _pin_to_end(self) -> None:
        self.top = self._end_spot()

    def _clamp(self) -> None:
        if not self.pages:
            self.top = Spot(0, 0)
            return
        index = min(self.top.page, len(self.pages) - 1)
        page = self._ready(index)
        self.top = Spot(index, max(0, min(self.top.row, page.height - 1)))

    def _follow_at_end(self) -> None:
        end = self._end_spot()
        if (self.top.page, self.top.row) >= (end.page, end.row):
            self.top, self.following = end, True

    def _words_at_top(self) -> tuple[int, int, int] | None:
        """Page, line and row in the line at the top of the viewport."""
        if self.top.page >= len(self.pages) or not self.pages[self.top.page].is_laid_out:
            return None
        place = self.pages[self.top.page].place(self.top.row)
        return (self.top.page, *place) if place else (self.top.page, 0, 0)

    def _forget_far(self, first: int, last: int) -> None:
        rows = sum(self.pages[index].height for index in self._recent)
        while rows > KEPT_ROWS and self._recent:
            index = next(iter(self._recent))
            if first <= index < last or self.pages[index].block.behind:
                return
            del self._recent[index]
            rows -= self.pages[index].height
            self.pages[index].forget()
