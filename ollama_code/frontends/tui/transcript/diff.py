"""A unified diff as lines: numbers, signs, colours of change, and the code's own colours."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ollama_code.core.text import clean
from ollama_code.frontends.tui.transcript.code import Highlighter, lexer_for
from ollama_code.frontends.tui.transcript.ink import Ink
from ollama_code.frontends.tui.transcript.line import AnyLine, Line, Span, bounded

_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@(.*)")


def diff_lines(path: str, patch: str, ink: Ink) -> Iterator[AnyLine]:
    """`patch` has hunks and no file header. An added or kept line is numbered as in the new file, a removed one as
    in the old. Invisible characters are written out: a person decides by what they see."""
    highlighter = _fresh(path, ink)
    old = new = 0
    for number, row in enumerate(clean(patch, visible=True).split("\n")):
        sign, text = row[:1], row[1:]
        if found := _HUNK.match(row):
            old, new = int(found[1]), int(found[2])
            highlighter = _fresh(path, ink)
            if number:
                yield Line((("⋯", ink.hunk),), lead=((" " * 7, ink.text),), cropped=True)
        elif sign == "+":
            highlighter.ground = ink.palette.diff.added_background
            lead: Span = (f"{new:>5} + ", ink.added)
            yield from _numbered(lead, Line(highlighter.line(text), mark="+", fill=ink.added))
            new += 1
        elif sign == "-":
            lead = (f"{old:>5} - ", ink.removed)
            yield from _numbered(lead, Line(((text, ink.removed),), mark="-", fill=ink.removed))
            old += 1
        elif sign == " ":
            highlighter.ground = ink.palette.colors.background
            yield from _numbered((f"{new:>5}   ", ink.dim), Line(highlighter.line(text), mark=" "))
            old, new = old + 1, new + 1
        elif row:
            yield Line(((row, ink.dim),), lead=((" " * 8, ink.text),))


def _numbered(lead: Span, line: Line) -> Iterator[AnyLine]:
    hang = (" " * len(lead[0]), lead[1])
    yield from bounded(Line(line.spans, lead=(lead,), hang=(hang,), mark=line.mark, fill=line.fill))


def _fresh(path: str, ink: Ink) -> Highlighter:
    return Highlighter(lexer_for(path), ink, ink.palette.colors.background)
