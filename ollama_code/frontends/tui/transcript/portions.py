"""A long answer of an earlier session in portions, each a block of its own: only those in sight are rendered."""

from __future__ import annotations

import re

PORTION_CHARS = 8000
"""About what is rendered while nobody notices a wait."""
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


def portions(text: str) -> list[str]:
    """`text` cut between paragraphs, never in a fence, a list, a quote or a table: each portion looks as it would in
    the whole, but for links whose targets stand in another one. What has no such place stays in one piece."""
    found: list[str] = []
    start = at = 0
    fence = ""
    after_blank = False
    for line in text.splitlines(keepends=True):
        if not fence and after_blank and at - start >= PORTION_CHARS and _begins_anew(line):
            found.append(text[start:at])
            start = at
        if mark := _FENCE.match(line):
            fence = _fence(fence, mark[1], line)
        after_blank = not line.strip()
        at += len(line)
    return [*found, text[start:]]


def _begins_anew(line: str) -> bool:
    """Whether no list, quote or table goes on with this line."""
    return line[0].isalpha() or line[0] == "#"


def _fence(fence: str, mark: str, line: str) -> str:
    """The fence that is open after a line with a mark, empty when none is."""
    if not fence:
        return mark
    closes = mark[0] == fence[0] and len(mark) >= len(fence) and line.strip() == mark
    return "" if closes else fence
