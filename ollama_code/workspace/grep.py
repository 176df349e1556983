"""Lines that match a regular expression, one file at a time. The only judge of what matches."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.workspace.lines import blocks
from ollama_code.workspace.needles import needles
from ollama_code.workspace.stop import Stop

if TYPE_CHECKING:
    import regex

_LONGEST_PATTERN = 2000
_MOST_REPEATS = 50_000
"""What `{n}` may add up to: `regex` writes each repetition out, and `(a{1000}){1000}` fills the memory."""
_REPEAT = re.compile(r"(\)?)\{(\d+)")
_LINE_LIMIT_S = 3.0
"""For one line. A pattern that takes longer would take for ever; an ordinary one needs microseconds."""
_SHOWN_CHARS = 300
"""Of one line. Lines of minified files run to megabytes."""


@dataclass(frozen=True)
class Query:
    pattern: str
    case_sensitive: bool = False
    context: int = 0
    """Lines shown before and after each match."""
    most_lines: int = 100
    """Matching lines kept. With 0 only files are listed."""
    most_files: int = 100


@dataclass(frozen=True)
class Line:
    """`number` is 1-based; `text` has no line end and is cut around the match when long."""

    number: int
    text: str
    match: bool


@dataclass(frozen=True)
class Matches:
    """What one file holds: how many lines match, and the first of them with the lines around."""

    path: str
    count: int
    lines: tuple[Line, ...]


class Matcher:
    """A query made ready."""

    def __init__(self, query: Query) -> None:
        """Raises: ToolError(INVALID_PARAMS) that says where the pattern is wrong."""
        self.query = query
        self._pattern = _compiled(query)
        self.needles = needles(query.pattern, case_sensitive=query.case_sensitive)
        self._needle = self._needle_pattern()

    def matches(self, file: BinaryIO, path: str, *, keep: int, stop: Stop) -> Matches | None:
        """`None` when no line matches; at most `keep` matching lines are kept, all are counted. `file` can seek.
        Raises: BinaryFile, OSError, ToolError(TIMEOUT)."""
        count = 0
        kept: list[Line] = []
        for number, text in self._candidates(file):
            if stop.now:
                break
            found = self._search(text, f"{path}:{number}")
            if found is None:
                continue
            count += 1
            if len(kept) < keep:
                kept.append(Line(number, _excerpt(text, found.start()), match=True))
        if not count:
            return None
        if self.query.context and kept:
            file.seek(0)
            kept = list(_with_context(file, kept, self.query.context))
        return Matches(path, count, tuple(kept))

    def _needle_pattern(self) -> regex.Pattern[str] | None:
        if self.needles is None:
            return None
        import regex  # as below

        flags = 0 if self.query.case_sensitive else regex.IGNORECASE
        return regex.compile("|".join(map(regex.escape, self.needles)), flags)

    def _candidates(self, file: BinaryIO) -> Iterator[tuple[int, str]]:
        """Number and text of every line that may match."""
        first = 1
        for block in blocks(file):
            if self._needle is None:
                yield from ((first + i, _line(text)) for i, text in enumerate(block.split("\n")))
            else:
                yield from _lines_with(self._needle, block, first)
            first += block.count("\n") + 1

    def _search(self, text: str, where: str) -> regex.Match[str] | None:
        try:
            return self._pattern.search(text, timeout=_LINE_LIMIT_S, concurrent=True)
        except TimeoutError as error:
            raise ToolError(
                f"The pattern {self.query.pattern!r} was stopped: it took more than {_LINE_LIMIT_S:g} s on one line"
                f" ({where}). Avoid repeats inside repeats such as (a+)+, or search for a plain part of it.",
                ErrorType.TIMEOUT,
            ) from error


def _compiled(query: Query) -> regex.Pattern[str]:
    if not query.pattern or len(query.pattern) > _LONGEST_PATTERN:
        raise ToolError(f"A pattern has 1 to {_LONGEST_PATTERN} characters.", ErrorType.INVALID_PARAMS)
    if "\n" in query.pattern:
        raise ToolError(
            "The pattern holds a line break, but it is matched against one line at a time. Search for one line.",
            ErrorType.INVALID_PARAMS,
        )
    if _repeats(query.pattern) > _MOST_REPEATS:
        raise ToolError(
            f"The pattern {query.pattern!r} repeats too much: more than {_MOST_REPEATS:,} times in all.",
            ErrorType.INVALID_PARAMS,
        )
    import regex  # 1.5 MB and 10 ms, for a start that does not search yet

    try:
        return regex.compile(query.pattern, 0 if query.case_sensitive else regex.IGNORECASE)
    except (regex.error, ValueError, OverflowError, RecursionError) as error:
        raise ToolError(
            f"The pattern {query.pattern!r} is no regular expression: {error} (counted from 0). Put a backslash"
            " before characters that are meant literally, such as \\( or \\[.",
            ErrorType.INVALID_PARAMS,
        ) from error


def _repeats(pattern: str) -> int:
    """An upper bound of what the counts in braces expand to: those of groups may be nested."""
    groups, single = 1, 1
    for behind_group, count in _REPEAT.findall(pattern):
        if behind_group:
            groups *= max(1, int(count))
        else:
            single += int(count)
    return groups * single


def _lines_with(needle: regex.Pattern[str], block: str, first: int) -> Iterator[tuple[int, str]]:
    number, counted = first, 0
    found = needle.search(block)
    while found:
        start = block.rfind("\n", 0, found.start()) + 1
        end = block.find("\n", found.end())
        end = len(block) if end < 0 else end
        number += block.count("\n", counted, start)
        counted = start
        yield number, _line(block[start:end])
        found = needle.search(block, end)


def _line(text: str) -> str:
    return text.removesuffix("\r")


def _excerpt(text: str, at: int) -> str:
    """About 300 characters around position `at`."""
    if len(text) <= _SHOWN_CHARS:
        return text
    start = max(0, min(at - _SHOWN_CHARS // 3, len(text) - _SHOWN_CHARS))
    end = start + _SHOWN_CHARS
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")


def _with_context(file: BinaryIO, matched: list[Line], context: int) -> Iterator[Line]:
    """The matched lines and those around them, each once, in order."""
    by_number = {line.number: line for line in matched}
    numbers = list(by_number)
    last = numbers[-1] + context
    first = 1
    for block in blocks(file):
        if first > last:
            return
        for number, text in enumerate(block.split("\n"), start=first):
            if number in by_number:
                yield by_number[number]
                continue
            after = bisect_left(numbers, number - context)
            if after < len(numbers) and numbers[after] <= number + context:
                yield Line(number, _excerpt(_line(text), 0), match=False)
        first += block.count("\n") + 1
