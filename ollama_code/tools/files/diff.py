"""The change of one file as a person reads it: a bounded unified diff."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from ollama_code.core.display import DiffBlock
from ollama_code.core.text import well_formed

_CONTEXT = 3
_LONGEST_LINES = 1000
"""Lines on one side, equal ends taken off, up to which a line-by-line comparison stays under about 0.1 s."""
_SHOWN_LINES = 2000
_NO_NEWLINE = "\\ No newline at end of file"


def diff_block(path: str, before: str, after: str) -> DiffBlock:
    """`before` and `after` are LF text, with no newline at the end shown as git shows it. A patch of more than
    2,000 lines is cut and says how many are missing; `added` and `removed` always count all."""
    lines = list(_unified(_lines(before), _lines(after)))
    added = sum(line.startswith("+") for line in lines)
    removed = sum(line.startswith("-") for line in lines)
    if len(lines) > _SHOWN_LINES:
        missing = len(lines) - _SHOWN_LINES
        lines = [*lines[:_SHOWN_LINES], f"\\ {missing:,} more lines of this change are not shown"]
    patch = well_formed("".join(f"{line}\n" for line in lines))
    return DiffBlock(path=path, patch=patch, added=added, removed=removed)


def note_block(path: str, note: str) -> DiffBlock:
    """A change that lines cannot show, such as other line ends."""
    return DiffBlock(path=path, patch=f"\\ {note}\n", added=0, removed=0)


def common_start(one: Sequence[str], other: Sequence[str]) -> int:
    """How many items (lines of a list, characters of a string) are the same at the beginning."""
    for count, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return count
    return min(len(one), len(other))


def _lines(text: str) -> list[str]:
    """Lines without their ends; a last line that has none carries the marker behind it."""
    if not text:
        return []
    lines = text.split("\n")
    if lines[-1]:
        lines[-1] += "\n" + _NO_NEWLINE
    else:
        lines.pop()
    return lines


def _unified(old: list[str], new: list[str]) -> Iterator[str]:
    """Hunks in unified form. Equal ends are taken off first: linear, and most edits are small."""
    head = common_start(old, new)
    tail = common_start(old[head:][::-1], new[head:][::-1])
    start = max(0, head - _CONTEXT)
    old_part = old[start : len(old) - max(0, tail - _CONTEXT)]
    new_part = new[start : len(new) - max(0, tail - _CONTEXT)]
    for group in _groups(old_part, new_part, head - start, min(tail, _CONTEXT)):
        first, last = group[0], group[-1]
        ranges = (_range(start, first[1], last[2]), _range(start, first[3], last[4]))
        yield f"@@ -{ranges[0]} +{ranges[1]} @@"
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                yield from _marked(" ", old_part[i1:i2])
            else:
                yield from _marked("-", old_part[i1:i2])
                yield from _marked("+", new_part[j1:j2])


_Opcode = tuple[str, int, int, int, int]


def _groups(old: list[str], new: list[str], head: int, tail: int) -> Iterator[list[_Opcode]]:
    if old == new:
        return
    if max(len(old), len(new)) <= _LONGEST_LINES:
        yield from difflib.SequenceMatcher(None, old, new).get_grouped_opcodes(_CONTEXT)
        return
    old_end, new_end = len(old) - tail, len(new) - tail
    whole: list[_Opcode] = [
        ("equal", 0, head, 0, head),
        ("replace", head, old_end, head, new_end),
        ("equal", old_end, len(old), new_end, len(new)),
    ]
    yield whole


def _marked(mark: str, lines: list[str]) -> Iterator[str]:
    for line in lines:
        yield from (mark + line).split("\n")


def _range(offset: int, start: int, end: int) -> str:
    """A range as `diff -u` writes it: 1-based, its length left out when 1, the line before when empty."""
    first, length = offset + start + 1, end - start
    if length == 1:
        return str(first)
    return f"{first if length else first - 1},{length}"
