"""Where a text breaks into rows, and how wide its characters are. Works on characters and cells, knows no style."""

from __future__ import annotations

import re
from typing import TypeAlias

from rich.cells import cell_len, split_graphemes

TAB = 4
Range: TypeAlias = tuple[int, int]
Cluster: TypeAlias = tuple[int, int, int]
"""Start, end (exclusive) and width in cells of what a person sees as one character. A tab's width is -1."""

_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def width_of(text: str) -> int:
    """Cells that `text` takes when it starts at the left edge."""
    if text.isascii() and "\t" not in text:
        return len(text)
    return cell_len(expanded(text, 0))


def wrap(text: str, width: int) -> list[Range]:
    """The rows of `text` as character ranges, at least one. Spaces at a break belong to no row; a word wider than
    `width` is cut. No row is wider than `width` cells, unless `width` is less than one wide character."""
    width = max(1, width)
    if text.isascii() and "\t" not in text:
        return _wrap_ascii(text, width)
    return _wrap_clusters(text, width)


def clusters(text: str) -> list[Cluster]:
    """`text` by visible characters: an emoji with its joiners is one, a letter with its accents is one."""
    if text.isascii():
        return [(i, i + 1, -1 if char == "\t" else 1) for i, char in enumerate(text)]
    found: list[Cluster] = []
    at = 0
    for piece in text.split("\t"):  # a tab is a character of its own, whatever stands before it
        if at:
            found.append((at - 1, at, -1))
        for start, end, width in split_graphemes(piece)[0]:
            found.append((at + start, at + min(end, len(piece)), width))
        at += len(piece) + 1
    return found


def expanded(text: str, column: int) -> str:
    """`text` fit for a terminal: tabs as spaces up to the next stop, a control character as a replacement sign.
    `column` is where it starts in its row, in cells."""
    if text.isprintable():
        return text
    text = _CONTROLS.sub("\ufffd", text)
    if "\t" not in text:
        return text
    done = []
    for number, piece in enumerate(text.split("\t")):
        if number:
            gap = TAB - column % TAB
            done.append(" " * gap)
            column += gap
        done.append(piece)
        column += cell_len(piece)
    return "".join(done)


def cells_before(text: str, row: Range, offset: int) -> int:
    """Cells between the start of `row` and the character `offset`."""
    start, end = row
    return cell_len(expanded(text[start : max(start, min(offset, end))], 0))


def cluster_at(text: str, row: Range, cell: int) -> Range:
    """The visible character of `row` that covers `cell`; an empty range at its end when `cell` is beyond."""
    start, end = row
    column = 0
    for first, last, size in clusters(text[start:end]):
        column += _advance(size, column)
        if cell < column:
            return start + first, start + last
    return end, end


def _advance(size: int, column: int) -> int:
    return TAB - column % TAB if size < 0 else size


def _wrap_ascii(text: str, width: int) -> list[Range]:
    rows: list[Range] = []
    start, size = 0, len(text)
    while size - start > width:
        space = text.rfind(" ", start, start + width + 1)
        if space <= start or text[start:space].isspace():
            rows.append((start, start + width))
            start += width
            continue
        end = space
        while text[end - 1] == " ":
            end -= 1
        rows.append((start, end))
        start = space + 1
        while start < size and text[start] == " ":
            start += 1
    rows.append((start, size))
    return rows if start < size or len(rows) == 1 else rows[:-1]


def _wrap_clusters(text: str, width: int) -> list[Range]:
    rows: list[Range] = []
    start = column = 0
    chance = -1  # where the current row may end: before a space, or after a wide character
    found = clusters(text)
    index = 0
    while index < len(found):
        first, last, size = found[index]
        step = _advance(size, column)
        blank = text[first] == " "
        if blank and chance != first and not text[start:first].isspace() and first > start:
            chance = first
        if column + step <= width or first == start:
            column += step
            index += 1
            if size == 2 and column <= width:
                chance = last
            continue
        end = chance if chance > start else first
        kept = end
        while kept > start + 1 and text[kept - 1] == " ":
            kept -= 1
        rows.append((start, kept))
        while end < len(text) and text[end] == " ":
            end += 1
        start, column, chance = end, 0, -1
        while index < len(found) and found[index][0] < start:
            index += 1
        while index > 0 and found[index - 1][0] >= start:
            index -= 1
    if start < len(text) or not rows:
        rows.append((start, len(text)))
    return rows
