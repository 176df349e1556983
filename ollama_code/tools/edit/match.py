"""Where the model's `old_string` is in a file, and what exactly to replace there.

Models copy text almost right. The ladder gives way one step at a time and only where the result is unique:
exact; other quotes, dashes and spaces; trailing whitespace; one indentation shift for all lines. What the model
did not mean to change keeps the file's own characters. All text here has LF line ends."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import accumulate, islice

from ollama_code.tools.files.diff import common_start
from ollama_code.tools.files.document import Span

_FOLDED = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\uff0d", "-"),
        **dict.fromkeys("\u00a0\u1680\u202f\u205f\u3000", " "),
        **{chr(space): " " for space in range(0x2000, 0x200B)},
    }
)
"""One character for one character, so that positions stay true."""
_COMPARED_LINES = 4_000_000
"""Lines of old times lines of new up to which they are compared line by line, about 0.2 s."""
MOST_HITS = 100
"""Two are too many for an edit of one place; a file of equal lines has a million."""
_LOOKED_AT = 1000
"""Places with the right lines whose indentation is looked at."""


class How(StrEnum):
    """The rung that matched, as the result tells it."""

    EXACT = ""
    FOLDED = "other quotes, dashes or spaces"
    TRIMMED = "other trailing whitespace"
    SHIFTED = "another indentation"


@dataclass(frozen=True)
class Hit:
    """`spans` change one occurrence that begins at `start` and ends before `end`. Behind the first hit of an inexact
    rung there are none: it is not replaced then."""

    start: int
    end: int
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Found:
    how: How
    hits: tuple[Hit, ...]


def find(body: str, old: str, new: str, *, every: bool = False) -> Found | None:
    """The hits of the first rung that has any, in order. Overlapping ones are given too, for two places where `old`
    could be meant are two, but no more than `MOST_HITS`. With `every` all that a replacement of all takes: exact
    ones, apart from each other. `old` is not empty."""
    if every:
        return _at(How.EXACT, list(_occurrences(body, old, step=len(old))), old, new)
    for rung in (_exact, _folded, _trimmed, _shifted):
        if found := rung(body, old, new):
            return found
    return None


def fold(text: str) -> str:
    return text.translate(_FOLDED)


def _exact(body: str, old: str, new: str) -> Found | None:
    return _at(How.EXACT, list(islice(_occurrences(body, old), MOST_HITS)), old, new)


def _folded(body: str, old: str, new: str) -> Found | None:
    return _at(How.FOLDED, list(islice(_occurrences(fold(body), fold(old)), MOST_HITS)), old, new)


def _at(how: How, starts: list[int], old: str, new: str) -> Found | None:
    if not starts:
        return None
    changed = changes(old, new)
    return Found(how, tuple(Hit(at, at + len(old), _moved(changed, at)) for at in starts))


def _occurrences(text: str, sought: str, *, step: int = 1) -> Iterator[int]:
    at = text.find(sought)
    while at >= 0:
        yield at
        at = text.find(sought, at + step)


def changes(old: str, new: str) -> tuple[Span, ...]:
    """The least spans of `old` that make it `new`: equal lines stay, and in the others equal ends."""
    one, other = old.splitlines(keepends=True), new.splitlines(keepends=True)
    starts = [0, *accumulate(map(len, one))]
    spans = []
    for i1, i2, j1, j2 in _changed_lines(one, other):
        spans.append(_narrowed(starts[i1], "".join(one[i1:i2]), "".join(other[j1:j2])))
    return tuple(spans)


def _changed_lines(one: list[str], other: list[str]) -> Iterator[tuple[int, int, int, int]]:
    if len(one) * len(other) > _COMPARED_LINES:
        yield 0, len(one), 0, len(other)
        return
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag != "equal":
            yield i1, i2, j1, j2


def _narrowed(start: int, old: str, new: str) -> Span:
    head = common_start(old, new)
    tail = common_start(old[head:][::-1], new[head:][::-1])
    return Span(start + head, start + len(old) - tail, new[head : len(new) - tail])


def _moved(spans: Sequence[Span], by: int) -> tuple[Span, ...]:
    return tuple(Span(span.start + by, span.end + by, span.text) for span in spans)


# --- whole lines -----------------------------------------------------------------------------------------


def _trimmed(body: str, old: str, new: str) -> Found | None:
    return _by_lines(body, _Wish.of(old, new), How.TRIMMED)


def _shifted(body: str, old: str, new: str) -> Found | None:
    wish = _Wish.of(old, new)
    return _by_lines(body, wish, How.SHIFTED) or _by_lines(body, wish.with_tabs(), How.SHIFTED)


@dataclass(frozen=True)
class _Wish:
    """old and new as lines; `closed` when old ended with a line feed."""

    old: tuple[str, ...]
    new: str
    closed: bool

    @classmethod
    def of(cls, old: str, new: str) -> _Wish:
        closed = old.endswith("\n")
        return cls(tuple(old.removesuffix("\n").split("\n")), new, closed)

    @cached_property
    def steps(self) -> Sequence[tuple[str, int, int, int, int]]:
        """How `new` comes of `old`, line by line; the same for every place."""
        return difflib.SequenceMatcher(None, self.old, self.new.split("\n"), autojunk=False).get_opcodes()

    def with_tabs(self) -> _Wish:
        """Indented by tabs where the model wrote spaces: as many to a tab as its own lines have in common."""
        lines = [*self.old, *self.new.split("\n")]
        unit = math.gcd(*(len(_indent(line)) for line in lines if line.strip()))
        if unit < 2 or any("\t" in _indent(line) for line in lines):
            return self
        new = "\n".join(_tabbed(line, unit) for line in self.new.split("\n"))
        return _Wish(tuple(_tabbed(line, unit) for line in self.old), new, self.closed)


def _by_lines(body: str, wish: _Wish, how: How) -> Found | None:
    lines = body.split("\n")
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    hits: list[Hit] = []
    for first in islice(_line_matches(lines, wish.old, how), _LOOKED_AT):
        theirs = lines[first : first + len(wish.old)]
        new = _in_their_words(theirs, wish, how)
        if new is None:
            continue
        start, end = starts[first], starts[first] + len("\n".join(theirs))
        if wish.closed and body[end : end + 1] == "\n":
            end += 1
        elif wish.closed:  # old ends a line that the file leaves open at its very end
            new = new.removesuffix("\n")
        hits.append(Hit(start, end, () if hits else _moved(changes(body[start:end], new), start)))
        if len(hits) == MOST_HITS:
            break
    return Found(how, tuple(hits)) if hits else None


def _line_matches(lines: list[str], old: Sequence[str], how: How) -> Iterator[int]:
    strip = str.rstrip if how is How.TRIMMED else str.strip
    wanted = [strip(fold(line)) for line in old]
    if not any(wanted):
        return
    text = "\n".join(["", *(strip(fold(line)) for line in lines), ""])
    number = counted = 0
    for at in _occurrences(text, "\n".join(["", *wanted, ""])):
        number += text.count("\n", counted, at)
        counted = at
        yield number


def _in_their_words(theirs: list[str], wish: _Wish, how: How) -> str | None:
    """`wish.new` with the file's own lines where it repeats old ones, and the others indented like the file's;
    `None` when no single shift explains the file's indentation or `new` cannot follow it."""
    shift = _shift(theirs, wish.old) if how is How.SHIFTED else ("", "")
    if shift is None:
        return None
    ours = wish.new.split("\n")
    words: list[str] = []
    for tag, i1, i2, j1, j2 in wish.steps:
        if tag == "equal":
            words.extend(theirs[i1:i2])
            continue
        for line in ours[j1:j2]:
            if line.strip() and not line.startswith(shift[0]):
                return None
            words.append(shift[1] + line.removeprefix(shift[0]) if line.strip() else line)
    return "\n".join(words)


def _shift(theirs: Sequence[str], ours: Sequence[str]) -> tuple[str, str] | None:
    """`(taken, given)`: what to take from and give to the front of each of our lines to have theirs."""
    shifts = set()
    for their_line, our_line in zip(theirs, ours, strict=True):
        if not our_line.strip():
            continue
        their, our = _indent(their_line), _indent(our_line)
        if their.endswith(our):
            shifts.add(("", their[: len(their) - len(our)]))
        elif our.endswith(their):
            shifts.add((our[: len(our) - len(their)], ""))
        else:
            return None
    return shifts.pop() if len(shifts) == 1 else None


def _indent(line: str) -> str:
    found = re.match(r"[ \t]*", line)
    return found.group() if found else ""


def _tabbed(line: str, unit: int) -> str:
    spaces = len(_indent(line))
    return "\t" * (spaces // unit) + " " * (spaces % unit) + line[spaces:]
