"""What the mouse selects: places in the text of lines, so that a selection survives wrapping and resizing, and copied
text has no breaks that were not written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from textual.geometry import Offset
from textual.selection import Selection

from ollama_code.frontends.tui.transcript.line import AnyLine, TableRow
from ollama_code.frontends.tui.transcript.pages import Pages
from ollama_code.frontends.tui.transcript.wrap import Range

Place: TypeAlias = tuple[int, int, int]
"""Page, line of its block, character of the line: all from 0, in reading order."""

_LINES = 1_000_000
"""Textual's selections know lines only: page and line share one number."""
_WORD = re.compile(r"[\w./~@:+-]+|\s+|[^\w\s]+")


@dataclass(frozen=True)
class Unit:
    """A stretch that is selected as one: a character, a word, a line."""

    page: int
    line: int
    start: int
    end: int

    @property
    def first(self) -> Place:
        return self.page, self.line, self.start

    @property
    def last(self) -> Place:
        return self.page, self.line, self.end


def between(one: Unit, other: Unit) -> Selection:
    """From the start of the earlier unit to the end of the later one."""
    return Selection(_offset(min(one.first, other.first)), _offset(max(one.last, other.last)))


def word_at(line: AnyLine, char: int) -> Range:
    """The word of `line` around `char`; a path or an address is one word."""
    text = line.text
    if isinstance(line, TableRow):
        return 0, len(text)
    return next((m.span() for m in _WORD.finditer(text) if m.start() <= char < m.end()), (char, char))


def chars_in(selection: Selection, page: int, line: int, size: int) -> Range:
    """The selected characters of a line that has `size` of them; an empty range when there are none."""
    start, end = _ends(selection)
    here = (page, line)
    if here < start[:2] or here > end[:2]:
        return 0, 0
    return start[2] if here == start[:2] else 0, min(size, end[2]) if here == end[:2] else size


def selected_text(pages: Pages, selection: Selection) -> str:
    """The text as it was written: a bullet, a quote or a diff keeps its mark, a wrapped line stays one line."""
    start, end = _ends(selection)
    parts: list[str] = []
    for page in range(start[0], min(end[0], len(pages.pages) - 1) + 1):
        lines = pages.lines(page)
        if parts:
            parts.append("\n" * pages.pages[page].gap)
        first = start[1] if page == start[0] else 0
        last = end[1] if page == end[0] else len(lines) - 1
        for index in range(first, min(last, len(lines) - 1) + 1):
            line = lines[index]
            text = line.text
            low, high = chars_in(selection, page, index, len(text))
            if parts and not line.joined:
                parts.append("\n")
            parts.append((line.mark if low == 0 and (high or not text) else "") + text[low:high])
    return "".join(parts)


def _ends(selection: Selection) -> tuple[Place, Place]:
    start = _place(selection.start) if selection.start is not None else (0, 0, 0)
    end = _place(selection.end) if selection.end is not None else (_LINES, _LINES, _LINES)
    return start, end


def _offset(place: Place) -> Offset:
    page, line, char = place
    return Offset(char, page * _LINES + line)


def _place(offset: Offset) -> Place:
    page, line = divmod(offset.y, _LINES)
    return page, line, offset.x
