"""Which word of the draft asks for completion, and how the chosen one is spelled. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_COMMAND = re.compile(r"/[^\s/]*(?!\S)")
_FILE = re.compile(r"""(?:^|(?<=[\s(\[{'"`]))@(?:"(?P<quoted>[^"]*)|(?P<plain>[^\s"]*))$""")
_REST = re.compile(r"""[^\s"'`)\]}]*""")


@dataclass(frozen=True)
class Request:
    """A word that is being typed: from its mark, `/` or `@`, in column `start` to column `end` of line `row`, all
    counted from 0. `word` is what stands between the mark and the cursor."""

    kind: Literal["command", "file"]
    word: str
    row: int
    start: int
    end: int

    def spelled(self, value: str) -> str:
        """`value` with its mark, and quotes where it holds a space."""
        if self.kind == "command":
            return f"/{value}"
        return f'@"{value}"' if " " in value and '"' not in value else f"@{value}"


def request_at(line: str, row: int, column: int) -> Request | None:
    """What the cursor in `column` of `line` asks for. A command is the first word of the first line; `@` begins
    a file where a word begins, so an address such as `me@home` does not."""
    command = _COMMAND.match(line) if row == 0 else None
    if command and 0 < column <= command.end():
        return Request("command", line[1:column], row, 0, command.end())
    file = _FILE.search(line[:column])
    if file is None:
        return None
    if file["quoted"] is not None:
        end = column + line[column:].startswith('"')
        return Request("file", file["quoted"], row, file.start(), end)
    rest = _REST.match(line, column)
    return Request("file", file["plain"], row, file.start(), rest.end() if rest else column)
