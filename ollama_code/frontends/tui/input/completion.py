"""The list of choices above the prompt. It shows and is told what to show; nothing in it is markup."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.style import Style
from textual.widget import Widget

from ollama_code.core.text import one_line
from ollama_code.frontends.tui.input.choices import Choice
from ollama_code.frontends.tui.input.words import Request

MOST_ROWS = 8
_WIDEST_NAME = 24
_LONGEST_PATH = 4096


class CompletionList(Widget):
    """At most eight rows that lie over what is above the prompt and push nothing aside."""

    DEFAULT_CSS = """
    CompletionList {
        display: none; overlay: screen; width: 100%; max-width: 100; padding: 0 1;
        background: $panel; color: $foreground;
        & > .completion-list--name { color: $accent; }
        & > .completion-list--note { color: $dim; }
        & > .completion-list--chosen { background: $border; color: $strong; }
        &.-open { display: block; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "completion-list--name",
        "completion-list--note",
        "completion-list--chosen",
    }
    ALLOW_SELECT = False

    class Picked(Message):
        """A row was clicked; it is the chosen one now."""

    def __init__(self) -> None:
        super().__init__()
        self._request: Request | None = None
        self._choices: Sequence[Choice] = ()
        self._chosen = 0
        self._rows = 0

    @property
    def shown(self) -> bool:
        return self._rows > 0

    @property
    def request(self) -> Request | None:
        """What the choices answer; `None` while there are none."""
        return self._request if self._choices else None

    @property
    def choice(self) -> Choice:
        """The chosen one of an open list."""
        return self._choices[self._chosen]

    def open(self, request: Request, choices: Sequence[Choice], *, rows_above: int) -> None:
        """Show `choices`, the first one chosen. Nothing to show closes the list."""
        self._request, self._choices, self._chosen = request, choices, 0
        self._lay_out(min(len(choices), MOST_ROWS, rows_above))

    def wait(self, *, rows_above: int) -> None:
        """Say that the answer takes a moment."""
        self._request, self._choices = None, ()
        self._lay_out(min(1, rows_above))

    def close(self) -> None:
        self._request, self._choices = None, ()
        self._lay_out(0)

    def move(self, by: int) -> None:
        """Choose another row of an open list; past the end is the beginning."""
        self._chosen = (self._chosen + by) % len(self._choices)
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        event.stop()
        at = self._first + event.y
        if at < len(self._choices):
            self._chosen = at
            self.post_message(self.Picked())

    def render(self) -> Content:
        if not self._choices:
            return Content.styled("looking through the files ...", self._style("note"))
        shown = self._choices[self._first : self._first + self._rows]
        names = [self._shown_name(choice) for choice in shown]
        column = min(max(cell_len(name) for name in names), _WIDEST_NAME)
        rows = (
            self._row(name, choice.note, column, chosen=choice is self.choice)
            for choice, name in zip(shown, names, strict=True)
        )
        return Content("\n").join(rows)

    @property
    def _first(self) -> int:
        """Number of the topmost choice in view: only as many are passed over as bring the chosen one in."""
        return max(0, self._chosen - self._rows + 1)

    def _shown_name(self, choice: Choice) -> str:
        mark = "/" if self._request and self._request.kind == "command" else ""
        return mark + one_line(choice.value, limit=_LONGEST_PATH)

    def _row(self, name: str, note: str, column: int, *, chosen: bool) -> Content:
        width = self.content_size.width
        mark = "› " if chosen else "  "
        if note:
            name = f"{_tail(name, column):<{column}}  "
        row = Content.assemble(
            (mark + _tail(name, width - 2), self._style("name")), (one_line(note), self._style("note"))
        ).truncate(width, ellipsis=True, pad=True)
        return Content.styled(row.plain, self._style("chosen")) if chosen else row

    def _style(self, part: str) -> Style:
        return self.get_visual_style(f"completion-list--{part}")

    def _lay_out(self, rows: int) -> None:
        self._rows = rows
        self.styles.height = rows
        self.styles.offset = (0, -rows)
        self.set_class(rows > 0, "-open")
        self.refresh()  # a new height asks for a layout by itself; a key that changes none must not


def _tail(text: str, width: int) -> str:
    """The end of `text`, where a path has its name, in at most `width` cells."""
    if cell_len(text) <= width:
        return text
    while text and cell_len(text) >= width:
        text = text[1:]
    return f"…{text}"
