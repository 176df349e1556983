"""Blocks of display as lines, in full or folded to a few. A folded one cleans and colours only what it shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import assert_never

from rich.style import Style

from ollama_code.core.display import (
    CommandBlock,
    DiffBlock,
    Display,
    FilesBlock,
    OutputBlock,
    TextBlock,
    TodosBlock,
)
from ollama_code.core.text import clean, one_line
from ollama_code.frontends.tui.transcript.diff import diff_lines
from ollama_code.frontends.tui.transcript.ink import Ink
from ollama_code.frontends.tui.transcript.line import LINE_CHARS, AnyLine, Line, Link, Span, Spans, bounded

TEXT_ROWS = 5
OUTPUT_ROWS = 8
DIFF_ROWS = 40
FOLDED_CHARS = 16_000
"""How much of a text a folded block looks at."""
OPEN_CHARS = 500_000
"""How much of a text an open block shows: more would hold the keys for a second."""
_MARKS = {"pending": "☐", "in_progress": "▸", "completed": "☑"}


@dataclass(frozen=True)
class Body:
    """`lines` may be made while they are read. `left_out` counts lines that the fold hides; 0: nothing is hidden."""

    lines: Iterable[AnyLine]
    left_out: int = 0

    def told(self, ink: Ink) -> Iterator[AnyLine]:
        """All of it under a title, with a row that counts what the fold hides."""
        hang: Spans = (("  ", ink.text),)
        yield from indented(self.lines, hang)
        if self.left_out:
            noun = "line" if self.left_out == 1 else "lines"
            words = f"… {self.left_out:,} more {noun} (Ctrl+O)"
            yield Line(((words, ink.dim),), lead=hang, hang=hang, folds=True)


def summary(display: Display, ink: Ink) -> Spans:
    """What of a display block fits beside a title: how a command ended, how much a file changed."""
    match display:
        case OutputBlock(outcome=outcome):
            return ((one_line(outcome), ink.dim),) if outcome else ()
        case DiffBlock(added=added, removed=removed):
            return ((f"+{added}", ink.success), (f" -{removed}", ink.error))
        case FilesBlock(paths=paths, total=total):
            noun = "file" if total == 1 else "files"
            listed = f", {len(paths):,} listed" if total > len(paths) else ""
            return ((f"{total:,} {noun}{listed}", ink.dim),)
        case _:
            return ()


def body(display: Display, ink: Ink, *, folded: bool) -> Body:
    """What a display block shows under its title, besides its `summary`."""
    match display:
        case TextBlock(text=text):
            return text_body(text, ink.dim, TEXT_ROWS if folded else None)
        case OutputBlock(output=output):
            return text_body(output, ink.dim, OUTPUT_ROWS if folded else None)
        case DiffBlock():
            return _diff(display, ink, DIFF_ROWS if folded else None)
        case CommandBlock():
            return Body(_command(display, ink))
        case TodosBlock():
            return Body(_todos(display, ink))
        case FilesBlock(paths=paths):
            return Body(() if folded else (_path(path, ink) for path in paths))
        case _:
            assert_never(display)


def text_body(text: str, style: Style, rows: int | None) -> Body:
    """Plain text; with `rows`, at most its first so many lines, each cut when it is very long."""
    if not text.strip():
        return Body([])
    if rows is None:
        return Body(_all_lines(text, style))
    total = text.rstrip("\n").count("\n") + 1
    shown = clean(text[:FOLDED_CHARS]).rstrip("\n").split("\n")[:rows]
    return Body([Line(((clipped(row), style),)) for row in shown], max(0, total - len(shown)))


def clipped(row: str, limit: int = 400) -> str:
    """A row of output, cut when it is very long."""
    return row if len(row) <= limit else f"{row[:limit]}… ({len(row) - limit:,} more characters)"


def text_lines(text: str, style: Style, lead: Span | None = None) -> Iterator[AnyLine]:
    """Clean `text` by its own lines. `lead` stands before the first."""
    hang: tuple[Span, ...] = ((" " * len(lead[0]), lead[1]),) if lead else ()
    for number, row in enumerate(text.split("\n")):
        first = (lead,) if lead and number == 0 else hang
        yield from bounded(Line(((row, style),) if row else (), lead=first, hang=hang))


def indented(lines: Iterable[AnyLine], hang: tuple[Span, ...]) -> Iterator[AnyLine]:
    for line in lines:
        if isinstance(line, Line):
            yield replace(line, lead=(*hang, *line.lead), hang=(*hang, *line.hang))
        else:
            yield replace(line, hang=(*hang, *line.hang))


def _all_lines(text: str, style: Style) -> Iterator[AnyLine]:
    yield from text_lines(clean(text[:OPEN_CHARS]).rstrip("\n"), style)
    if len(text) > OPEN_CHARS:
        yield Line(((f"… {len(text) - OPEN_CHARS:,} more characters are not shown", style),))


def _diff(block: DiffBlock, ink: Ink, rows: int | None) -> Body:
    if rows is None:
        return Body(diff_lines(block.path, block.patch, ink))
    shown = list(islice(diff_lines(block.path, block.patch[: rows * LINE_CHARS], ink), rows))
    total = block.patch.rstrip("\n").count("\n") + 1
    return Body(shown, max(0, total - 1 - rows) if len(shown) == rows else 0)


def _command(block: CommandBlock, ink: Ink) -> Iterator[AnyLine]:
    yield from text_lines(clean(block.command, visible=True), ink.text, ("$ ", ink.accent))
    where = f"in {one_line(block.directory)}" + (", in the background" if block.background else "")
    yield Line(((where, ink.dim),))


def _todos(block: TodosBlock, ink: Ink) -> Iterator[AnyLine]:
    for item in block.items:
        style = {"in_progress": ink.text, "completed": ink.dim}.get(item.status, ink.text)
        color = {"in_progress": ink.accent, "completed": ink.success}.get(item.status, ink.dim)
        lead: Span = (f"{_MARKS[item.status]} ", color)
        yield Line(((one_line(item.content), style),), lead=(lead,), hang=(("  ", style),))


def _path(path: str, ink: Ink) -> AnyLine:
    shown = one_line(path, limit=1000)
    return Line(((shown, ink.dim),), links=(Link(0, len(shown), path),))
