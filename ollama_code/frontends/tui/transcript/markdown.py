"""Markdown to styled lines, independent of any width. HTML is shown as it is written; a link shows where it leads."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from rich.style import Style

from ollama_code.core.text import clean
from ollama_code.frontends.tui.transcript.code import Highlighter, lexer_named
from ollama_code.frontends.tui.transcript.ink import Ink
from ollama_code.frontends.tui.transcript.inline import inline
from ollama_code.frontends.tui.transcript.line import (
    BLANK,
    AnyLine,
    Line,
    Span,
    Spans,
    TableRow,
    TableShape,
    bounded,
)
from ollama_code.frontends.tui.transcript.wrap import width_of

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.tree import SyntaxTreeNode

DEEPEST = 100
"""Quotes and lists within each other; what lies deeper is not shown."""
_BULLETS = ("•", "◦", "▪")
_TASK = re.compile(r"\[([ xX])\][ \t]+")
_RULE = "─" * 400


@dataclass(frozen=True)
class Parsed:
    """Top-level blocks in order. `refers` says that the text defines link targets for use elsewhere in it."""

    nodes: list[SyntaxTreeNode]
    refers: bool


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # on first use: not before the first paint

    made = MarkdownIt("commonmark", {"maxNesting": DEEPEST})
    return made.enable(["strikethrough", "table"]).disable(["html_block", "html_inline"])


def parse(source: str) -> Parsed:
    from markdown_it.tree import SyntaxTreeNode

    env: dict[str, object] = {}
    return Parsed(list(SyntaxTreeNode(_parser().parse(source, env)).children), bool(env.get("references")))


def render(source: str, ink: Ink) -> list[AnyLine]:
    """All of `source` at once."""
    lines: list[AnyLine] = []
    for node in parse(source).nodes:
        if (found := block(node, ink)) and lines:
            lines.append(BLANK)
        lines += found
    return lines


def block(node: SyntaxTreeNode, ink: Ink) -> list[AnyLine]:
    """The lines of one top-level block, without space around it."""
    writer = _Writer(ink)
    writer.block(node)
    return writer.lines


def list_items(items: list[SyntaxTreeNode], number: int | None, ink: Ink) -> list[AnyLine]:
    """Items of a top-level list. `number` is the first one's, None for bullets. Space after a tall item is the
    caller's when the item is the last."""
    writer = _Writer(ink)
    writer.items(items, number)
    return writer.lines


def is_tall(item: SyntaxTreeNode) -> bool:
    """Whether a list item needs space after it: it holds more than a paragraph and lists."""
    return any(child.type not in ("paragraph", "bullet_list", "ordered_list") for child in item.children) or (
        sum(child.type == "paragraph" for child in item.children) > 1
    )


def first_number(node: SyntaxTreeNode) -> int | None:
    return int(node.attrs.get("start", 1)) if node.type == "ordered_list" else None


def code_line(spans: Spans, ink: Ink, hang: Spans = ()) -> Line:
    lead = (*hang, (" ", ink.code))
    return Line(spans, lead=lead, hang=lead, fill=ink.code)


class _Writer:
    """Collects lines. `_hang` is what nesting puts before every row, `_first` (a bullet) replaces it once."""

    def __init__(self, ink: Ink) -> None:
        self.lines: list[AnyLine] = []
        self._ink = ink
        self._hang: Spans = ()
        self._first: Spans | None = None
        self._mark = ""
        self._hang_mark = ""
        self._depth = 0

    def block(self, node: SyntaxTreeNode) -> None:
        match node.type:
            case "paragraph":
                self._text(node, self._ink.text)
            case "heading":
                self._heading(node)
            case "bullet_list" | "ordered_list":
                self.items(node.children, first_number(node))
            case "blockquote":
                self._quote(node)
            case "fence" | "code_block":
                self._code(node)
            case "table":
                self._table(node)
            case "hr":
                self._emit(Line((), cropped=True), mark="---", rule=True)
            case _:
                self._emit(Line(((clean(node.content), self._ink.text),)))

    def items(self, items: list[SyntaxTreeNode], number: int | None) -> None:
        hang, hang_mark = self._hang, self._hang_mark
        for index, item in enumerate(items):
            if index and is_tall(items[index - 1]):
                self._space()
            bullet = f"{number + index}." if number is not None else _BULLETS[min(self._depth, 2)]
            source = bullet if number is not None else "-"
            if box := _take_task(item):
                bullet, source = ("☑" if box == "x" else "☐"), f"{source} [{box}]"
            before = self._first if self._first is not None else hang
            self._first = (*before, (f"{bullet} ", self._ink.dim))
            self._mark = (self._mark if before is not hang else hang_mark) + f"{source} "
            self._hang = (*hang, (" " * (width_of(bullet) + 1), self._ink.text))
            self._hang_mark = hang_mark + " " * (len(source.split(" ")[0]) + 1)
            self._depth += 1
            self._children(item.children)
            self._depth -= 1
            if self._first is not None:
                self._emit(Line())
            self._hang, self._hang_mark = hang, hang_mark

    def _children(self, nodes: list[SyntaxTreeNode]) -> None:
        for index, node in enumerate(nodes):
            close = node.type.endswith("_list") or (
                node.type == "fence" and nodes[index - 1].type == "paragraph"
            )
            if index and not close:
                self._space()
            self.block(node)

    def _space(self) -> None:
        self._emit(Line())

    def _quote(self, node: SyntaxTreeNode) -> None:
        hang, mark = self._hang, self._hang_mark
        bar: Span = ("▎ ", self._ink.border)
        if self._first is not None:
            self._first = (*self._first, bar)
            self._mark += "> "
        self._hang, self._hang_mark = (*hang, bar), f"{mark}> "
        self._children(node.children)
        self._hang, self._hang_mark = hang, mark

    def _heading(self, node: SyntaxTreeNode) -> None:
        level = int(node.tag[1:])
        style = self._ink.heading + Style(bold=level < 3, underline=level == 1, italic=level > 3)
        self._text(node, style, "#" * level + " ")

    def _text(self, node: SyntaxTreeNode, style: Style, mark: str = "") -> None:
        tokens = node.children[0].token.children if node.children and node.children[0].token else None
        for line in inline(tokens or [], style, self._ink):
            self._emit(line, mark=mark)
            mark = ""

    def _code(self, node: SyntaxTreeNode) -> None:
        language = (node.info or "").split()[0] if (node.info or "").split() else ""
        ink = self._ink
        highlighter = Highlighter(lexer_named(language), ink, ink.palette.code.background)
        rows = clean(node.content).split("\n")
        while rows and not rows[-1].strip():
            rows.pop()
        for row in rows or [""]:
            self._emit(code_line(highlighter.line(row), ink))

    def _table(self, node: SyntaxTreeNode) -> None:
        rows = [row for part in node.children for row in part.children]
        cells: list[tuple[Spans, ...]] = []
        for index, row in enumerate(rows):
            style = self._ink.title if index == 0 else self._ink.text
            cells.append(tuple(_cell(column, style, self._ink) for column in row.children))
        widths = [
            max(1, *(width_of("".join(text for text, _ in row[column])) for row in cells))
            for column in range(len(cells[0]))
        ]
        aligns = tuple(str(c.attrs.get("style", "")).removeprefix("text-align:") for c in rows[0].children)
        shape = TableShape(tuple(widths), aligns)
        for index, row_cells in enumerate(cells):
            hang = self._hang if self._first is None else self._first
            self._first = None
            self.lines.append(TableRow(row_cells, shape, self._ink.border, head=index == 0, hang=hang))

    def _emit(self, line: Line, mark: str = "", *, rule: bool = False) -> None:
        first = self._first is not None
        lead = self._first if self._first is not None else self._hang
        mark = (self._mark if first else self._hang_mark) + mark
        if rule:
            lead = (*lead, (_RULE, self._ink.border))
        self._first, self._mark = None, ""
        line = replace(line, lead=(*lead, *line.lead), hang=(*self._hang, *line.hang), mark=mark)
        self.lines.extend(bounded(line))


def _cell(node: SyntaxTreeNode, style: Style, ink: Ink) -> Spans:
    tokens = node.children[0].token.children if node.children and node.children[0].token else None
    return tuple(span for line in inline(tokens or [], style, ink) for span in line.spans)


def _take_task(item: SyntaxTreeNode) -> str:
    """ "x" or " " when the item is a task; its box is then taken out of its text."""
    if not item.children or item.children[0].type != "paragraph":
        return ""
    token = item.children[0].children[0].token
    first = token.children[0] if token and token.children else None
    if first is None or first.type != "text" or not (found := _TASK.match(first.content)):
        return ""
    first.content = first.content[found.end() :]
    return found[1].lower()
