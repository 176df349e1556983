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
from ollama_code.frontends.tui.transcript.line import AnyLine, Line, Link, Span, bounded

TEXT_ROWS = 5
OUTPUT_ROWS = 8
DIFF_ROWS = 40
FOLDED_CHARS = 16_000
"""How much of a text a folded block looks at."""
_MARKS = {"pending": "☐", "in_progress": "▸", "completed": "☑"}


@dataclass(frozen=True)
class Body:
    """`left_out` counts lines that the fold hides; 0 when nothing is hidden."""

    lines: list[AnyLine]
    left_out: int = 0


def body(display: Display, ink: Ink, *, folded: bool) -> Body:
    """What a display block shows under its title."""
    match display:
        case TextBlock(text=text):
            return text_body(text, ink.dim, TEXT_ROWS if folded else None)
        case OutputBlock():
            return _output(display, ink, folded)
        case DiffBlock():
            return _diff(display, ink, folded)
        case CommandBlock():
            return Body(list(_command(display, ink)))
        case TodosBlock():
            return Body(list(_todos(display, ink)))
        case FilesBlock():
            return _files(display, ink, folded)
        case _:
            assert_never(display)


def text_body(text: str, style: Style, rows: int | None) -> Body:
    """Plain text; with `rows`, at most its first so many lines."""
    if rows is None:
        return Body(list(text_lines(clean(text).rstrip("\n"), style)))
    total = text.rstrip("\n").count("\n") + 1
    head = clean(text[:FOLDED_CHARS]).rstrip("\n").split("\n")[:rows]
    lines = [Line(((one_line_end(row), style),)) for row in head if head != [""]]
    return Body(
        list(lines), max(0, total - len(head)) + (len(head) == rows == total and len(text) > FOLDED_CHARS)
    )


def one_line_end(row: str, limit: int = 400) -> str:
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


def _output(block: OutputBlock, ink: Ink, folded: bool) -> Body:
    found = text_body(block.output, ink.dim, OUTPUT_ROWS if folded else None)
    if not block.output.strip():
        found = Body([])
    outcome = Line(((one_line(block.outcome), ink.dim),))
    return Body([*found.lines, outcome] if not found.left_out else found.lines, found.left_out)


def _diff(block: DiffBlock, ink: Ink, folded: bool) -> Body:
    counts: list[Span] = [(f"  +{block.added}", ink.success), (f" -{block.removed}", ink.error)]
    path = one_line(block.path)
    head = Line(((path, ink.text), *counts), links=(Link(0, len(path), block.path),))
    lines = diff_lines(block.path, block.patch, ink)
    if not folded:
        return Body([head, *lines])
    shown = list(islice(lines, DIFF_ROWS))
    rows = block.patch.rstrip("\n").count("\n") + 1
    return Body([head, *shown], max(0, rows - 1 - len(shown)) if len(shown) == DIFF_ROWS else 0)


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


def _files(block: FilesBlock, ink: Ink, folded: bool) -> Body:
    noun = "file" if block.total == 1 else "files"
    shown = f", {len(block.paths):,} listed" if block.total > len(block.paths) else ""
    head = Line(((f"{block.total:,} {noun}{shown}", ink.dim),))
    if folded:
        return Body([head], len(block.paths))
    return Body([head, *(_path(path, ink) for path in block.paths)])


def _path(path: str, ink: Ink) -> AnyLine:
    shown = one_line(path, limit=1000)
    return Line(((shown, ink.dim),), links=(Link(0, len(shown), path),))
