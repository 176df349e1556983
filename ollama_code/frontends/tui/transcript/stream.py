"""Markdown that arrives in pieces. What can no longer change is rendered once and kept; only the tail is rendered
again. However the text is cut, the finished lines are those of `markdown.render` on the whole."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ollama_code.frontends.tui.transcript.code import Highlighter, lexer_named
from ollama_code.frontends.tui.transcript.ink import Ink
from ollama_code.frontends.tui.transcript.line import BLANK, LINE_CHARS, AnyLine, bounded, first_difference
from ollama_code.frontends.tui.transcript.markdown import (
    block,
    code_line,
    first_number,
    is_tall,
    list_items,
    parse,
    render,
)

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

PIECE_CHARS = 4000
"""More text than this is taken in several bites, so that the tail stays short."""
TAIL_CHARS = 6000
"""A block that grows beyond this is cut in two at a line end: one quote of a megabyte must not be parsed at every
frame. A table goes on under the head it began with."""
PARAGRAPH_CHARS = LINE_CHARS
"""The same for a paragraph, whose lines are cut at that length anyway."""
WHOLE_CHARS = 100_000
"""A text longer than this is not rendered again at its end for links whose targets came late."""
_FENCE = re.compile(r"(`{3,}|~{3,})[ \t]*([^`\n]*)\n")


class MarkdownStream:
    """`lines` is what to show now. Source text must be clean."""

    def __init__(self, ink: Ink) -> None:
        self.lines: list[AnyLine] = []
        self._ink = ink
        self._source: list[str] = []
        self._tail = ""
        self._kept = 0
        self._number: int | None = None  # of the list item the tail begins with, when a list goes on
        self._in_list = False
        self._in_table = False  # the tail repeats the head of a table whose first rows are kept
        self._space = False  # a blank line goes before the tail
        self._fence: _Fence | None = None
        self._refers = False

    @property
    def tail_chars(self) -> int:
        """How much is rendered again with the next piece."""
        return len(self._tail)

    def feed(self, text: str) -> int:
        """Append `text`. Returns the index of the first line that changed."""
        self._source.append(text)
        first = len(self.lines)
        for start in range(0, len(text), PIECE_CHARS):
            self._tail += text[start : start + PIECE_CHARS]
            first = min(first, self._advance())
        return first

    def finish(self) -> int:
        """The text is complete. Returns the index of the first line that changed."""
        first = len(self.lines)
        if self._fence is not None:
            if self._tail:
                self._tail += "\n"
            first = self._advance()
        if self._refers and sum(map(len, self._source)) <= WHOLE_CHARS:
            lines = render("".join(self._source), self._ink)
            first = min(first, first_difference(self.lines, lines))
            self.lines = lines
        return first

    def _advance(self) -> int:
        first = len(self.lines)
        while True:
            new: list[AnyLine] = []
            kept = self._kept
            again = self._read_fence(new) if self._fence is not None else self._read_blocks(new)
            if again:
                self._kept = kept + len(new)
            first = min(first, self._replace(kept, new))
            if not again:
                return first

    def _replace(self, start: int, new: list[AnyLine]) -> int:
        at = start + first_difference(self.lines[start:], new)
        self.lines[at:] = new[at - start :]
        return at

    def _read_blocks(self, new: list[AnyLine]) -> bool:
        """Render the tail into `new`. True when `new` is final and the tail was shortened to what follows it."""
        parsed = parse(self._tail)
        self._refers = self._refers or parsed.refers
        nodes = parsed.nodes
        if not nodes:
            return False
        last = nodes[-1]
        start = _first_row(last)
        too_long = len(self._tail) > (PARAGRAPH_CHARS if last.type == "paragraph" else TAIL_CHARS)
        if len(nodes) > 1 and (too_long or self._complete(start)):
            self._space = self._write(nodes[:-1], new)
            self._cut(start)
            self._in_list = self._in_table = False
            return True
        if last.type == "fence" and len(nodes) == 1 and self._open_fence(start, new):
            return True
        if last.type in ("bullet_list", "ordered_list") and len(nodes) == 1 and self._keep_items(last, new):
            return True
        if too_long:
            self._split(last, new)
        else:
            self._write(nodes, new)
        return too_long

    def _split(self, node: SyntaxTreeNode, new: list[AnyLine]) -> None:
        """The tail is one block and too long: write its complete rows, or its words when it is all one row."""
        end = self._tail.rfind("\n") + 1
        if node.type == "paragraph":
            end = end or self._tail.rfind(" ") + 1
        complete, rest = self._tail[: end or None], self._tail[end:] if end else ""
        self._write(parse(complete).nodes, new)
        start = _first_row(node)
        head = "".join(self._tail.splitlines(keepends=True)[start : start + 2])
        self._in_list = self._space = False
        self._in_table = node.type == "table" and len(head) + len(rest) < TAIL_CHARS // 2
        self._tail = head + rest if self._in_table else rest

    def _write(self, nodes: list[SyntaxTreeNode], new: list[AnyLine]) -> bool:
        """Returns whether a block that follows needs space before it."""
        space = self._space
        for index, node in enumerate(nodes):
            goes_on = index == 0 and self._in_table
            if index == 0 and self._in_list and node.type.endswith("_list"):
                found = list_items(node.children, self._number, self._ink)
            else:
                found = block(node, self._ink)[goes_on:]  # without the head that is repeated
            if found and space:
                new.append(BLANK)
            new += found
            space = space or goes_on or bool(found)
        return space

    def _keep_items(self, node: SyntaxTreeNode, new: list[AnyLine]) -> bool:
        """All items but the last are final once the last one's first row is complete."""
        *done, last = node.children
        start = _first_row(last)
        if not done or not self._complete(start):
            return False
        number = self._number if self._in_list else first_number(node)
        if self._space:
            new.append(BLANK)
        new += list_items(done, number, self._ink)
        self._cut(start)
        self._number = None if number is None else number + len(done)
        self._in_list, self._space = True, is_tall(done[-1])
        return True

    def _open_fence(self, start: int, new: list[AnyLine]) -> bool:
        source = "".join(self._tail.splitlines(keepends=True)[start:])
        head = _FENCE.match(source)
        if head is None:
            return False
        if self._space:
            new.append(BLANK)
        self._fence = _Fence(head[1], head[2], self._ink)
        self._tail = source[head.end() :]
        self._space, self._in_list = False, False
        return True

    def _read_fence(self, new: list[AnyLine]) -> bool:
        """Final lines of the fence go to `new` first; then, on the next call, the line being written."""
        assert self._fence is not None
        complete, feed, rest = self._tail.rpartition("\n")
        if not feed:
            new += self._fence.unfinished(rest)
            return False
        rows = complete.split("\n")
        for index, row in enumerate(rows):
            if self._fence.closes(row):
                new += self._fence.end()
                self._fence = None
                self._tail = "".join(f"{row}\n" for row in rows[index + 1 :]) + rest
                self._space = True
                return True
            new += self._fence.take(row)
        self._tail = rest
        return True

    def _complete(self, row: int) -> bool:
        """Whether row `row` (from 0) of the tail has its line feed: a part of a row may still become anything."""
        return row < self._tail.count("\n")

    def _cut(self, row: int) -> None:
        self._tail = "".join(self._tail.splitlines(keepends=True)[row:])


class _Fence:
    """A fence at the left edge whose closing mark has not come yet."""

    def __init__(self, mark: str, info: str, ink: Ink) -> None:
        words = info.split()
        self._ink = ink
        self._mark = mark
        self._close = re.compile(rf" {{0,3}}{re.escape(mark[0])}{{{len(mark)},}}[ \t]*\Z")
        self._highlighter = Highlighter(
            lexer_named(words[0] if words else ""), ink, ink.palette.code.background
        )
        self._blank: list[str] = []  # held back: empty rows at the end of a fence are not shown
        self._empty = True

    def closes(self, row: str) -> bool:
        return self._close.match(row) is not None

    def take(self, row: str) -> list[AnyLine]:
        self._blank.append(row)
        if not row.strip():
            return []
        rows, self._blank, self._empty = self._blank, [], False
        return [piece for row in rows for piece in bounded(code_line(self._highlighter.line(row), self._ink))]

    def unfinished(self, row: str) -> list[AnyLine]:
        """The row being written; nothing while it may be the closing mark."""
        if row.strip() and not self._mark.startswith(row.strip()) and not self.closes(row):
            blank = [code_line(((row, self._ink.code),), self._ink) for row in self._blank]
            return [*blank, *bounded(code_line(self._highlighter.peek(row), self._ink))]
        return [code_line((), self._ink)] if self._empty else []

    def end(self) -> list[AnyLine]:
        return [code_line((), self._ink)] if self._empty else []


def _first_row(node: SyntaxTreeNode) -> int:
    assert node.map is not None
    return node.map[0]
