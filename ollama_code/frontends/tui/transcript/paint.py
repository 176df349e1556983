"""From a line to the rows a terminal shows: breaking, padding, highlighting a selection, and the way back from a cell
to a character. Pure: the same line on the same canvas gives equal rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from ollama_code.frontends.tui.transcript.line import AnyLine, Line, Span, Spans, TableRow, sliced
from ollama_code.frontends.tui.transcript.wrap import (
    Range,
    cells_before,
    cluster_at,
    expanded,
    width_of,
    wrap,
)

COLUMN_GAP = 2
NARROWEST_COLUMN = 3


@dataclass(frozen=True)
class Canvas:
    """`width` is the whole row in cells; `margin` is drawn at the left of every row, one cell stays free at the
    right for the scroll bar. `ground` colours what nothing else does."""

    width: int
    ground: Style
    margin: Spans = ()

    @cached_property
    def indent(self) -> int:
        return sum(width_of(text) for text, _ in self.margin)

    @cached_property
    def room(self) -> int:
        """Cells for a line with its lead."""
        return max(1, self.width - self.indent - 1)

    @cached_property
    def blank(self) -> Strip:
        return self.strip((), ())

    def strip(self, lead: Spans, spans: Spans, fill: Style | None = None) -> Strip:
        """One row, exactly `width` cells: margin, `lead`, `spans` (cut when too wide), padding. Tab stops count from
        the end of the lead."""
        segments = [Segment(text, style) for text, style in (*self.margin, *lead)]
        start = used = sum(width_of(text) for text, _ in (*self.margin, *lead))
        for text, style in spans:
            shown = expanded(text, used - start)
            segments.append(Segment(shown, style))
            used += width_of(shown)
        edge = self.width - 1
        if used < edge and fill is not None:
            segments.append(Segment(" " * (edge - used), fill))
            used = edge
        if used < self.width:
            segments.append(Segment(" " * (self.width - used), self.ground))
            used = self.width
        strip = Strip(segments, used)
        return strip if used == self.width else strip.crop(0, self.width)


def row_count(line: AnyLine, canvas: Canvas) -> int:
    if isinstance(line, TableRow):
        return _table_height(line, canvas)
    return 1 if line.cropped else len(_ranges(line, canvas))


def paint(line: AnyLine, canvas: Canvas) -> list[Strip]:
    """The rows of `line`: always `row_count` many, all `canvas.width` cells."""
    if isinstance(line, TableRow):
        return _paint_table_row(line, canvas)
    if line.cropped:
        return [canvas.strip(line.lead, line.spans, line.fill)]
    ranges = _ranges(line, canvas)
    if len(ranges) == 1:
        return [canvas.strip(line.lead, line.spans, line.fill)]
    return [
        canvas.strip(line.hang if row else line.lead, sliced(line.spans, start, end), line.fill)
        for row, (start, end) in enumerate(ranges)
    ]


def under(line: AnyLine, canvas: Canvas, row: int, cell: int) -> Range:
    """The visible character at `cell` of the `row`th row of `line`, both counted from 0; all of a table's row."""
    text = line.text
    if isinstance(line, TableRow):
        return 0, len(text)
    ranges = [(0, len(text))] if line.cropped else _ranges(line, canvas)
    return cluster_at(text, ranges[min(row, len(ranges) - 1)], cell - canvas.indent - _lead_width(line))


def highlighted(line: AnyLine, canvas: Canvas, row: int, chars: Range, style: Style) -> Strip:
    """The `row`th row of `line` with the background of `style` under the characters `chars` (end exclusive)."""
    strip = paint(line, canvas)[row]
    left = canvas.indent
    if isinstance(line, TableRow):
        return tinted(strip, left, canvas.width - 1, style) if chars[0] < chars[1] else strip
    text = line.text
    span = (0, len(text)) if line.cropped else _ranges(line, canvas)[row]
    left += _lead_width(line)
    start, end = max(chars[0], span[0]), min(chars[1], span[1])
    if start >= end:
        return strip
    return tinted(strip, left + cells_before(text, span, start), left + cells_before(text, span, end), style)


def tinted(strip: Strip, start: int, end: int, style: Style) -> Strip:
    """`strip` with the background of `style` from cell `start` to `end`."""
    width = strip.cell_length
    start, end = max(0, min(start, width)), max(0, min(end, width))
    middle = [
        Segment(part.text, part.style + style if part.style else style) for part in strip.crop(start, end)
    ]
    return Strip.join([strip.crop(0, start), Strip(middle, end - start), strip.crop(end, width)])


def _lead_width(line: Line) -> int:
    return sum(width_of(text) for text, _ in line.lead)


def _ranges(line: Line, canvas: Canvas) -> list[Range]:
    return wrap(line.text, canvas.room - _lead_width(line))


def _table_columns(row: TableRow, canvas: Canvas) -> list[int]:
    """Widths of the columns in cells: the widest give way first."""
    hang = sum(width_of(text) for text, _ in row.hang)
    room = canvas.room - hang - COLUMN_GAP * (len(row.shape.widths) - 1)
    widths = list(row.shape.widths)
    while sum(widths) > room and max(widths) > NARROWEST_COLUMN:
        widest = max(widths)
        second = max((w for w in widths if w < widest), default=NARROWEST_COLUMN)
        count = widths.count(widest)
        over = sum(widths) - room
        step = max(1, min(widest - max(second, NARROWEST_COLUMN), -(-over // count)))
        widths = [w - step if w == widest else w for w in widths]
    return widths


def _table_height(row: TableRow, canvas: Canvas) -> int:
    columns = _table_columns(row, canvas)
    cells = [wrap("".join(t for t, _ in cell), width) for cell, width in zip(row.cells, columns, strict=True)]
    return max(map(len, cells), default=1) + row.head


def _paint_table_row(row: TableRow, canvas: Canvas) -> list[Strip]:
    columns = _table_columns(row, canvas)
    cells = [wrap("".join(t for t, _ in cell), width) for cell, width in zip(row.cells, columns, strict=True)]
    strips = []
    for index in range(max(map(len, cells), default=1)):
        spans: list[Span] = []
        for number, (cell, ranges, width) in enumerate(zip(row.cells, cells, columns, strict=True)):
            part = sliced(cell, *ranges[index]) if index < len(ranges) else ()
            if number:
                spans.append((" " * COLUMN_GAP, canvas.ground))
            spans += _aligned(part, width, row.shape.aligns[number], canvas.ground)
        strips.append(canvas.strip(row.hang, tuple(spans)))
    if row.head:
        rules = ("─" * width for width in columns)
        line = tuple((rule, row.rule) for rule in rules)
        gap = (" " * COLUMN_GAP, canvas.ground)
        spread = tuple(span for rule in line for span in (rule, gap))[:-1]
        strips.append(canvas.strip(row.hang, spread))
    return strips


def _aligned(spans: Spans, width: int, align: str, ground: Style) -> list[Span]:
    free = max(0, width - sum(width_of(text) for text, _ in spans))
    left = free if align == "right" else free // 2 if align == "center" else 0
    return [(" " * left, ground), *spans, (" " * (free - left), ground)]
