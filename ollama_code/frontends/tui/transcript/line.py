"""A line of the transcript before it meets a width: what it says, what decorates it, what copying it gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from rich.style import Style

Span: TypeAlias = tuple[str, Style]
Spans: TypeAlias = tuple[Span, ...]

LINE_CHARS = 4000
"""A longer line is held as several, so that drawing any one of them is cheap."""


@dataclass(frozen=True, slots=True)
class Link:
    """Characters `start` to `end` (exclusive) of a line lead to `target`."""

    start: int
    end: int
    target: str


@dataclass(frozen=True, slots=True)
class Line:
    """`lead` is drawn before the first row and `hang` before each further one; both have the same width in cells
    and are never copied. `mark` stands for the lead in copied text ("- " for a bullet). `fill` colours the row up
    to the margin. With `cropped` the line is one row, cut at the width. `joined` continues the line before it."""

    spans: Spans = ()
    lead: Spans = ()
    hang: Spans = ()
    mark: str = ""
    fill: Style | None = None
    cropped: bool = False
    joined: bool = False
    folds: bool = False
    links: tuple[Link, ...] = ()

    @property
    def text(self) -> str:
        return "".join(text for text, _ in self.spans)

    @property
    def size(self) -> int:
        """Characters of its text."""
        return sum(len(text) for text, _ in self.spans)


@dataclass(frozen=True, slots=True)
class TableShape:
    """Natural width in cells and alignment of each column, shared by the rows of one table."""

    widths: tuple[int, ...]
    aligns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a table. Its columns share the width that is there; a cell that does not fit wraps inside its column.
    It is selected as a whole and copied as markdown."""

    cells: tuple[Spans, ...]
    shape: TableShape
    rule: Style
    head: bool = False
    hang: Spans = ()
    mark: str = ""
    joined: bool = False
    folds: bool = False
    links: tuple[Link, ...] = ()

    @property
    def size(self) -> int:
        return sum(len(text) for cell in self.cells for text, _ in cell)

    @property
    def text(self) -> str:
        row = "| " + " | ".join("".join(text for text, _ in cell) for cell in self.cells) + " |"
        return f"{row}\n|{' --- |' * len(self.cells)}" if self.head else row


AnyLine: TypeAlias = Line | TableRow
BLANK = Line()


def bounded(line: Line) -> Iterator[Line]:
    """`line` in pieces of at most `LINE_CHARS` characters; almost always the line itself."""
    if line.size <= LINE_CHARS:
        yield line
        return
    whole, start, joined = line.text, 0, False
    while start < len(whole):
        end = min(start + LINE_CHARS, len(whole))
        spans = sliced(line.spans, start, end)
        lead = line.hang if joined else line.lead
        yield replace(line, spans=spans, lead=lead, joined=joined or line.joined, links=())
        start, joined = end, True


def sliced(spans: Iterable[Span], start: int, end: int) -> Spans:
    """The characters `start` to `end` (exclusive) of `spans`."""
    found, at = [], 0
    for text, style in spans:
        size = len(text)
        if at + size > start and at < end:
            found.append((text[max(0, start - at) : end - at], style))
        at += size
        if at >= end:
            break
    return tuple(found)


def first_difference(old: list[AnyLine], new: list[AnyLine]) -> int:
    """The index of the first line that is not the same in both."""
    for index, (one, other) in enumerate(zip(old, new, strict=False)):
        if one is not other and one != other:
            return index
    return min(len(old), len(new))
