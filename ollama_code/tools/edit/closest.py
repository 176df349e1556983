"""What to tell a model whose `old_string` is nowhere: the most similar real lines and the first difference."""

from __future__ import annotations

import difflib
import json
import re
from collections import Counter
from collections.abc import Sequence

from ollama_code.tools.edit.match import fold

_WORD = re.compile(r"\w+")
_CANDIDATES = 20
_ALIKE = 0.5
"""Similarity of two lines, from 0 to 1, below which showing one for the other would mislead."""
_SHOWN_LINES = 12
_SHOWN_CHARS = 200


def closest_lines(body: str, old: str) -> str:
    """Sentences and lines for the model; says so when nothing in `body` is similar."""
    lines, wanted = body.split("\n"), old.strip("\n").split("\n")
    first = _best_start(lines, wanted)
    if first is None:
        return "Nothing in the file is similar. Read it with read_file and copy the lines from there."
    last = min(len(lines), first + len(wanted))
    shown = lines[first : min(last, first + _SHOWN_LINES)]
    where = f"line {first + 1} is" if last - first == 1 else f"lines {first + 1}-{last} are"
    told = [f"The closest {where}:", "---", *(line[:_SHOWN_CHARS] for line in shown)]
    if last - first > len(shown):
        told.append(f"[{last - first - len(shown)} more lines]")
    return "\n".join([*told, "---", _difference(lines[first:last], wanted, first)])


def _best_start(lines: list[str], wanted: list[str]) -> int | None:
    """Each line of the file that equals a wanted one votes for where the whole would begin."""
    where: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        where.setdefault(_key(line), []).append(number)
    votes: Counter[int] = Counter()
    for index, line in enumerate(wanted):
        if key := _key(line):
            votes.update(number - index for number in where.get(key, [])[:_CANDIDATES] if number >= index)
    if votes:
        best = max(votes.values())
        return min(start for start, count in votes.items() if count == best)
    return _most_alike(lines, wanted)


def _most_alike(lines: list[str], wanted: list[str]) -> int | None:
    """By the line of `wanted` that says most: words in common choose candidates, similarity decides."""
    index = max(range(len(wanted)), key=lambda i: len(wanted[i].strip()))
    words = set(_WORD.findall(wanted[index]))
    shared = Counter({n: len(words.intersection(_WORD.findall(line))) for n, line in enumerate(lines)})
    key = _key(wanted[index])[: 2 * _SHOWN_CHARS]
    rated = [
        (difflib.SequenceMatcher(None, key, _key(lines[number])[: 2 * _SHOWN_CHARS]).ratio(), -number)
        for number, count in shared.most_common(_CANDIDATES)
        if count
    ]
    ratio, number = max(rated, default=(0.0, 0))
    return max(0, -number - index) if ratio >= _ALIKE else None


def _difference(theirs: Sequence[str], wanted: Sequence[str], first: int) -> str:
    for number, line in enumerate(wanted):
        if number >= len(theirs):
            return f"The file ends before line {number + 1} of old_string."
        if theirs[number] != line:
            kind = "only in whitespace" if theirs[number].split() == line.split() else "first"
            return (
                f"Line {first + number + 1} differs {kind}: the file has {_quoted(theirs[number])},"
                f" old_string has {_quoted(line)}. Copy the lines exactly as they are in the file."
            )
    return "old_string has blank lines at its ends that the file does not have there."


def _key(line: str) -> str:
    return " ".join(fold(line).split())


def _quoted(line: str) -> str:
    """As a JSON string, which makes tabs and control characters visible."""
    return json.dumps(line[:_SHOWN_CHARS], ensure_ascii=False)
