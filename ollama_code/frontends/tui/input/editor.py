"""The text area of the prompt: it grows with its text, folds big pastes and treats each as one character."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.content import Content
from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult, Location, Selection

from ollama_code.frontends.tui.input.pastes import Pastes, typed

_HINT = Content("Ask, or /command, @file, !shell")
_RECALLED_LINES, _RECALLED_CHARS = 200, 20_000
"""A draft that comes back whole folds only when the editor would feel it."""
_UNSEEN = dict.fromkeys([0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)], "\ufffd")
"""Marks that turn the direction of text would let a terminal reorder the row; they are sent, and shown as this."""


class Editor(TextArea):
    """`take_key` is asked about every key before the editor; when it returns true, the key is done with. It is
    a call and not a message, so that a key typed right after Enter belongs to the next prompt."""

    DEFAULT_CSS = """
    Editor {
        width: 1fr; height: auto; min-height: 1; max-height: 8; border: none; padding: 0;
        background: $surface; color: $foreground; scrollbar-size-vertical: 1;
        &:focus { border: none; }
        &:focus .text-area--cursor { color: $background; background: $foreground; }
        & .text-area--placeholder { color: $dim; }
        & .editor--paste { color: $accent; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"editor--paste"}

    def __init__(self, take_key: Callable[[str], bool]) -> None:
        # Before the base class, which sets a selection that is validated here.
        self._pastes = Pastes()
        self._take_key = take_key
        super().__init__(highlight_cursor_line=False, placeholder=_HINT)
        # No timer ticks while nobody types, and no search for a partner in 10,000 characters.
        self.cursor_blink = False
        self.match_cursor_bracket = False

    @property
    def expanded(self) -> str:
        """The text with every paste in full."""
        return self._pastes.expand(self.text)

    @property
    def at_first_row(self) -> bool:
        return self.navigator.is_first_wrapped_line(self.cursor_location)

    @property
    def at_last_row(self) -> bool:
        return self.navigator.is_last_wrapped_line(self.cursor_location)

    def restart(self, text: str = "") -> None:
        """Another draft in place of this one, with the cursor at its end; what is undone stays undone."""
        self._pastes.clear()
        self.show_draft(text)

    def show_draft(self, text: str) -> None:
        """Like `restart`, but stand-ins that are known keep their pastes: for a draft that may come back."""
        text = typed(text)
        if text.count("\n") >= _RECALLED_LINES or len(text) > _RECALLED_CHARS:
            text = self._pastes.collapse(text)
        self.load_text(text)
        self.move_cursor(self.document.end)

    def paste(self, text: str) -> None:
        """Put `text` in place of the selection, folded when it is big."""
        self.put(self._pastes.collapse(typed(text), beside=self.text))

    def put(self, text: str) -> None:
        """Put `text` in place of the selection as it is."""
        self.move_cursor(self.replace(text, *self.selection, maintain_selection_offset=False).end_location)

    def edit(self, edit: Edit) -> EditResult:
        """A change that touches a folded paste takes all of it."""
        if edit.from_location != edit.to_location:
            start, end = self._widened(*sorted((edit.from_location, edit.to_location)))
            edit = Edit(edit.text, start, end, edit.maintain_selection_offset)
        return super().edit(edit)

    def validate_selection(self, selection: Selection) -> Selection:
        """The cursor passes over a folded paste: it is never inside."""
        before = self.selection.end
        return Selection(self._outside(selection.start, before), self._outside(selection.end, before))

    def get_line(self, line_index: int) -> Text:
        line = self.document.get_line(line_index)
        shown = Text(line.translate(_UNSEEN), end="", no_wrap=True)
        for start, end in self._pastes.spans(line):
            shown.stylize(self.get_component_rich_style("editor--paste", partial=True), start, end)
        return shown

    def action_paste(self) -> None:
        self.paste(self.app.clipboard)

    async def on_key(self, event: events.Key) -> None:
        if self._take_key(event.key) or await self._edits(event.key):
            event.stop()
            event.prevent_default()

    async def on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self.paste(event.text)

    async def _edits(self, key: str) -> bool:
        """Run the binding of `key` at once. Textual runs it when the key has bubbled up to the app, behind the
        letters that were typed after it: a backspace would take the wrong one."""
        for binding in self._bindings.key_to_bindings.get(key, ()):
            if await self.app.run_action(binding.action, self):
                return True
        return False

    def _widened(self, start: Location, end: Location) -> tuple[Location, Location]:
        """The range with every paste it touches."""
        left, right = self._paste_around(start), self._paste_around(end)
        return (start[0], left[0]) if left else start, (end[0], right[1]) if right else end

    def _outside(self, location: Location, before: Location) -> Location:
        """`location`, or the far side of the paste around it as seen from `before`."""
        span = self._paste_around(location)
        return (location[0], span[before < location]) if span else location

    def _paste_around(self, location: Location) -> tuple[int, int] | None:
        row, column = location
        if row >= self.document.line_count:  # Ctrl+K at the very end deletes up to a line that is not there
            return None
        spans = self._pastes.spans(self.document.get_line(row))
        return next(((start, end) for start, end in spans if start < column < end), None)
