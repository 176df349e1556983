"""One block laid out on one canvas: which rows it has and what they show. Knows no viewport."""

from __future__ import annotations

from bisect import bisect_right

from textual.strip import Strip

from ollama_code.frontends.tui.transcript.blocks import Block
from ollama_code.frontends.tui.transcript.ink import Ink
from ollama_code.frontends.tui.transcript.line import AnyLine
from ollama_code.frontends.tui.transcript.paint import Canvas, paint, row_count

PAINTED_LINES = 300
"""Lines of one block whose rows are held; beyond it only those around the line being painted stay. Rows are many
small objects, and a key press would wait while the garbage collector goes through them."""


class Page:
    """One block on one canvas. `gap` blank rows come first."""

    def __init__(self, block: Block, gap: int, depth: int) -> None:
        self.block = block
        self.gap = gap
        self.depth = depth
        self.gap_depth = depth
        """A rule beside a subagent does not begin before its first row."""
        self.height = 0
        self.is_laid_out = False
        self.painted = 0
        """Lines painted so far: what tests count."""
        self.has_lines = False
        """Whether the block has made its lines since they were forgotten."""
        self._canvas: Canvas | None = None
        self._gap_blank = Strip([])
        self._starts: list[int] = [0]
        self._strips: dict[int, list[Strip]] = {}

    @property
    def canvas(self) -> Canvas:
        assert self._canvas is not None
        return self._canvas

    def resize(self, canvas: Canvas, gap_canvas: Canvas) -> None:
        """A new width: keep the lines, forget the rows."""
        self._canvas, self._gap_blank = canvas, gap_canvas.blank
        self._starts, self._strips, self.is_laid_out = [0], {}, False
        self.height = self.gap + self.block.estimate(canvas.room)

    def take_in(self, ink: Ink) -> int:
        """Bring the lines up to date. Returns the index of the first one that changed."""
        self.has_lines = True
        if not self.block.is_gone:
            return self.block.update(ink)
        self.block.lines, self.gap = [], 0
        return 0

    def lay_out(self, first: int = 0) -> None:
        """Find the height. Lines before `first` are as they were."""
        lines, starts = self.block.lines, self._starts
        first = min(first, len(starts) - 1)
        del starts[first + 1 :]
        for index in [index for index in self._strips if index >= first]:
            del self._strips[index]
        at = starts[first]
        for line in lines[first:]:
            at += row_count(line, self.canvas)
            starts.append(at)
        self.height = self.gap + at
        self.is_laid_out = True

    def strip(self, row: int) -> Strip:
        place = self.place(row)
        if place is None:
            return self._gap_blank
        line, part = place
        strips = self._strips.get(line)
        if strips is None:
            strips = self._strips[line] = paint(self.block.lines[line], self.canvas)
            self.painted += 1
            if len(self._strips) > PAINTED_LINES:
                near = range(line - PAINTED_LINES // 3, line + PAINTED_LINES // 3)
                self._strips = {index: rows for index, rows in self._strips.items() if index in near}
        return strips[part] if part < len(strips) else self.canvas.blank

    def place(self, row: int) -> tuple[int, int] | None:
        """The line at `row` and the row within it; None in the gap."""
        row -= self.gap
        if row < 0 or row >= self._starts[-1]:
            return None
        line = bisect_right(self._starts, row) - 1
        return line, row - self._starts[line]

    def row_of(self, line: int) -> int:
        """The first row of a line; the height when there is no such line."""
        return self.gap + self._starts[min(line, len(self._starts) - 1)]

    def line(self, index: int) -> AnyLine:
        return self.block.lines[index]

    def forget(self) -> None:
        """Free what can be made again in a moment."""
        self._strips = {}
        if self.block.forget():
            self._starts, self.is_laid_out, self.has_lines = [0], False, False
