"""What a call would do, as rows: every line of the diff, the whole command, nothing hidden and nothing obeyed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from ollama_code.core.display import (
    CommandBlock,
    DiffBlock,
    Display,
    FilesBlock,
    OutputBlock,
    TextBlock,
    TodosBlock,
)
from ollama_code.core.text import spelled as written_out
from ollama_code.frontends.tui.panels.rows import Row

TODO_MARKS = {"pending": "[ ]", "in_progress": "[>]", "completed": "[x]"}
_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")
_TAB = 4
_CHANGES = ("added", "removed")


def preview_rows(display: Display) -> list[Row]:
    match display:
        case DiffBlock():
            return list(_diff(display))
        case CommandBlock(command=command):
            return _command(command)
        case OutputBlock(command=command, output=output, outcome=outcome):
            return [*_command(command), *_plain(output), *_plain(outcome, "$dim")]
        case TextBlock(text=text):
            return _plain(text)
        case TodosBlock(items=items):
            return [row for item in items for row in _plain(f"{TODO_MARKS[item.status]} {item.content}")]
        case FilesBlock(paths=paths, total=total):
            rest = f"and {total - len(paths):,} more" if total > len(paths) else ""
            return [row for path in paths for row in _plain(path)] + (_plain(rest, "$dim") if rest else [])
        case _:
            assert_never(display)


def telling(rows: Sequence[Row]) -> tuple[int, int]:
    """Where to begin, and where what matters ends: of a diff from the line before the first change to the last
    change, else all of it."""
    changed = [index for index, row in enumerate(rows) if row.style in _CHANGES]
    return (max(changed[0] - 1, 0), changed[-1] + 1) if changed else (0, len(rows))


def spelled(text: str) -> str:
    """Lines fit for a decision, in cells."""
    return written_out(text).expandtabs(_TAB)


def _plain(text: str, style: str = "$foreground") -> list[Row]:
    return [Row(line, style) for line in spelled(text).split("\n")]


def _command(command: str) -> list[Row]:
    first, *more = spelled(command).split("\n")
    return [Row(first, gutter="$ ", gutter_style="bold $accent"), *(Row(line, gutter="  ") for line in more)]


@dataclass
class _Numbers:
    """Line numbers, 1-based, of the next line on either side; `width` is in cells."""

    width: int
    old: int = 1
    new: int = 1

    def enter(self, hunk: re.Match[str]) -> None:
        self.old, self.new = int(hunk[1]), int(hunk[2])

    def step(self, sign: str) -> str:
        number = self.old if sign == "-" else self.new
        self.old += sign != "+"
        self.new += sign != "-"
        return f"{number:>{self.width}} {sign} "


def _diff(block: DiffBlock) -> Iterator[Row]:
    lines = spelled(block.patch.removesuffix("\n")).split("\n")
    numbers = _Numbers(width=max(3, len(str(_highest(lines)))))
    first = True
    for line in lines:
        sign, text = line[:1], line[1:]
        if hunk := _HUNK.match(line):
            numbers.enter(hunk)
            if not first:
                yield Row("⋯", "hunk", " " * (numbers.width - 1))
            first = False
        elif sign == "+":
            yield Row(text, "added", numbers.step(sign), "added")
        elif sign == "-":
            yield Row(text, "removed", numbers.step(sign), "removed")
        elif sign == "\\":
            yield Row(text.strip(), "$warning", " " * (numbers.width + 3))
        else:
            yield Row(text, gutter=numbers.step(" "))


def _highest(lines: list[str]) -> int:
    """About the highest line number of the diff."""
    starts = (max(int(hunk[1]), int(hunk[2])) for line in lines if (hunk := _HUNK.match(line)))
    return max(starts, default=1) + len(lines)
