"""Prompts that wait, for the running turn to end or for the person, shown above the input. The app owns them."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from ollama_code.core.text import one_line

MOST_ROWS = 3
_HELD, _QUEUED, _STEERING = "  (Enter sends, Up edits)", "  (Up edits, Ctrl+S: next step)", "  (Up edits)"


class QueueView(Widget):
    """One row for each prompt, the oldest first; of many the oldest are counted."""

    DEFAULT_CSS = """
    QueueView { display: none; height: auto; padding: 0 1; background: $background; color: $dim; }
    QueueView.-filled { display: block; }
    """
    ALLOW_SELECT = False

    class TakeBack(Message):
        """The person wants to edit the newest prompt instead of sending it. The app answers by taking it off its
        queue, `show`, and `PromptInput.set_draft`; when it has been sent meanwhile, by nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[str, ...] = ()
        self._hint = ""

    @property
    def filled(self) -> bool:
        return bool(self._rows)

    def show(self, queued: Sequence[str], held: Sequence[str] = (), steering: Sequence[str] = ()) -> None:
        """`held` are older than `queued` and are sent by Enter in an empty prompt, not by the end of the turn;
        `steering` is heard by the turn that runs."""
        self._rows = (
            *(f"next step: {one_line(words)}" for words in steering),
            *(f"held: {one_line(line)}" for line in held),
            *(f"queued: {one_line(line)}" for line in queued),
        )
        self._hint = _HELD if held else _QUEUED if queued else _STEERING
        self.set_class(self.filled, "-filled")
        self.refresh(layout=True)

    def take_back(self) -> None:
        self.post_message(self.TakeBack())

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.take_back()

    def render(self) -> Content:
        width = self.content_size.width
        rows = [Content(row) for row in self._rows]
        if len(rows) > MOST_ROWS:
            hidden = len(rows) - MOST_ROWS + 1
            rows = [Content(f"{hidden} more"), *rows[hidden:]]
        if rows:
            rows[-1] = rows[-1].truncate(width - len(self._hint), ellipsis=True).append(self._hint)
        return Content("\n").join(row.truncate(width, ellipsis=True) for row in rows)
