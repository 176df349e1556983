"""A list to choose from with arrows or the mouse. The keys are its owner's business."""

from __future__ import annotations

from collections.abc import Sequence

from textual.events import Click
from textual.message import Message

from ollama_code.frontends.tui.panels.rows import Limit, Row, Rows


class Choices(Rows):
    """Marks one row as the one Enter would take."""

    class Chosen(Message):
        """A row was clicked. `index` counts from 0."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, *, limit: Limit | None = None) -> None:
        super().__init__(limit=limit)
        self._options: tuple[Row, ...] = ()
        self.cursor = 0

    def offer(self, options: Sequence[Row], cursor: int = 0) -> None:
        """The rows' own gutters stay; the mark goes before them."""
        self._options = tuple(options)
        self.point(cursor)

    def move(self, by: int) -> None:
        """Goes round at the ends when moving by one, stops there when moving by more."""
        if self._options:
            last = len(self._options) - 1
            there = self.cursor + by
            self.point(there % (last + 1) if abs(by) == 1 else min(max(there, 0), last))

    def point(self, cursor: int) -> None:
        self.cursor = min(max(cursor, 0), max(len(self._options) - 1, 0))
        self.show(self._marked(index, row) for index, row in enumerate(self._options))
        self.reveal(self.cursor)

    def on_click(self, event: Click) -> None:
        event.stop()
        at = event.get_content_offset(self)
        row = self.row_at(at.y) if at is not None else None
        if row is not None:
            self.post_message(self.Chosen(row))

    def _marked(self, index: int, row: Row) -> Row:
        if index != self.cursor:
            return Row(row.text, row.style, f"  {row.gutter}", row.gutter_style)
        return Row(row.text, f"{row.style} bold $accent", f"› {row.gutter}", "bold $accent")
