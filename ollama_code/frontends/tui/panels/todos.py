"""The todo list beside the transcript; on a narrow terminal one line under it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from ollama_code.core.text import one_line
from ollama_code.core.todo import TodoItem, TodoStatus
from ollama_code.frontends.tui.panels.preview import TODO_MARKS
from ollama_code.frontends.tui.panels.rows import Row, Rows

_STYLES: dict[TodoStatus, tuple[str, str]] = {
    "pending": ("$foreground", "$dim"),
    "in_progress": ("bold $strong", "bold $accent"),
    "completed": ("$dim", "$success"),
}
"""Of the text and of the mark."""
_CONTENT_CHARS = 500
WIDE_COLUMNS = 100
"""Terminals narrower than this get the folded look."""


class TodoPanel(Vertical):
    """Not displayed while there is nothing to do. The class `-folded` gives the one-line look, which the app sets
    below `WIDE_COLUMNS`."""

    DEFAULT_CSS = """
    TodoPanel {
        display: none;
        width: 34;
        height: 1fr;
        background: $panel;
        padding: 1 1 1 2;
    }
    TodoPanel.-some { display: block; }
    TodoPanel #count { height: 1; margin-bottom: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    TodoPanel #list { height: 1fr; }
    TodoPanel #line { display: none; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    TodoPanel.-folded { width: 1fr; height: 1; padding: 0 1; }
    TodoPanel.-folded #count, TodoPanel.-folded #list { display: none; }
    TodoPanel.-folded #line { display: block; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._count = Static(id="count")
        self._list = Rows(id="list")
        self._line = Static(id="line")
        self._items: tuple[TodoItem, ...] = ()

    def compose(self) -> ComposeResult:
        yield self._count
        yield self._list
        yield self._line

    def show(self, items: tuple[TodoItem, ...]) -> None:
        if items == self._items:
            return
        self._items = items
        self.set_class(bool(items), "-some")
        done = sum(item.status == "completed" for item in items)
        count = f"{done}/{len(items)}"
        self._count.update(Content.assemble(("Todos", "bold $foreground"), ("  " + count, "$dim")))
        self._line.update(_folded(items, count))
        self._list.show(_row(item) for item in items)
        if items:
            self._list.reveal(_current(items))


def _row(item: TodoItem) -> Row:
    style, mark = _STYLES[item.status]
    return Row(one_line(item.content, limit=_CONTENT_CHARS), style, f"{TODO_MARKS[item.status]} ", mark)


def _folded(items: tuple[TodoItem, ...], count: str) -> Content:
    if not items:
        return Content()
    item = items[_current(items)]
    style, mark = _STYLES[item.status]
    sign = {"pending": "  ", "in_progress": "> ", "completed": "x "}[item.status]
    return Content.assemble((f"{count}  ", "$dim"), (sign, mark), (one_line(item.content), style))


def _current(items: tuple[TodoItem, ...]) -> int:
    """The index of what is being done, else of what comes next, else of the last."""
    for wanted in ("in_progress", "pending"):
        for index, item in enumerate(items):
            if item.status == wanted:
                return index
    return len(items) - 1
