"""The prompt: an editor with history, completion and the queue above it. Values in, messages out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Static, TextArea

from ollama_code.frontends.tui.input.choices import CommandChoices, FileChoices, Sources
from ollama_code.frontends.tui.input.completer import Completer
from ollama_code.frontends.tui.input.completion import CompletionList
from ollama_code.frontends.tui.input.editor import Editor
from ollama_code.frontends.tui.input.queue import QueueView
from ollama_code.frontends.tui.input.recall import Recall


async def _no_files(letters: str, limit: int) -> Sequence[str]:
    return ()


KEYS = {"ctrl+s": "tells the turn", "ctrl+j": "new line", "tab": "completes"}
"""Of the keys that the prompt takes, those that nobody guesses."""
NO_SOURCES = Sources(commands=CommandChoices(tuple), files=FileChoices(_no_files))


class PromptInput(Vertical):
    """Keys: Enter sends; Ctrl+S says it to the turn that runs; Shift+Enter, Alt+Enter and Ctrl+J break the line; Up
    and Down walk through `history` from the first and last row; Tab completes. Every other key is the text area's
    own, and Esc, Shift+Tab, Ctrl+C without a selection and the like bubble to the app."""

    DEFAULT_CSS = """
    PromptInput {
        height: auto; background: $surface;
        & > #line { height: auto; border-top: solid $border; padding: 0 1; background: $surface; }
        & #mark { width: 2; height: 1; color: $dim; background: $surface; }
        &:focus-within #mark { color: $accent; }
        &.-shell #mark { color: $warning; }
    }
    """

    @dataclass
    class Submitted(Message):
        """`text` is what was typed and pasted, in full. The prompt is empty again and has not remembered it."""

        text: str

    @dataclass
    class Steered(Message):
        """`text` is for the turn that runs; empty, it means the newest line that waits. As after `Submitted`."""

        text: str

    class Blank(Message):
        """Enter where nothing is typed."""

    @dataclass
    class Changed(Message):
        """`text` is the draft as it is shown, big pastes folded."""

        text: str

    def __init__(
        self, history: Sequence[str] = (), *, sources: Sources = NO_SOURCES, id: str | None = None
    ) -> None:
        """`history` is oldest first."""
        super().__init__(id=id)
        self.queue = QueueView()
        self._recall = Recall(history)
        self._list = CompletionList()
        self._editor = Editor(self._take_key)
        self._completer = Completer(self._editor, self._list, sources)
        self._mark = Static(">", id="mark", markup=False)

    def compose(self) -> ComposeResult:
        yield self.queue
        yield self._list
        with Horizontal(id="line"):
            yield self._mark
            yield self._editor

    # --- for the app ---------------------------------------------------------------------------------

    @property
    def text_expanded(self) -> str:
        return self._editor.expanded

    def focus(self, scroll_visible: bool = True) -> Self:
        self._editor.focus(scroll_visible)
        return self

    def clear(self) -> None:
        """Empty the draft for good."""
        self._editor.restart()
        self._recall.leave()
        self._completer.close()

    def set_draft(self, text: str) -> None:
        """Another draft in place of this one, the cursor at its end."""
        self._editor.restart(text)
        self._recall.leave()
        self._completer.stay_closed()

    def equip(self, history: Sequence[str], sources: Sources) -> None:
        """Give it what was typed in earlier sessions, oldest first, and what to complete from."""
        self._recall.precede(history)
        self._completer.use(sources)

    def remember(self, text: str) -> None:
        """Let Up bring `text` back."""
        self._recall.remember(text)

    def receive(self, event: events.Key | events.Paste) -> None:
        """Take the focus and a key or paste that came while something else had it, so that it is not lost: what
        writes or sends a draft. Enter where nothing is typed was meant for whatever opened."""
        self.focus()
        if isinstance(event, events.Paste):
            self._editor.paste(event.text)
        elif event.is_printable and event.character:
            self._editor.put(event.character)
        elif event.key == "backspace":
            self._editor.action_delete_left()
        elif event.key == "enter" and self._editor.text:
            self._take_key(event.key)

    # --- keys ----------------------------------------------------------------------------------------

    def _take_key(self, key: str) -> bool:
        """Whether `key` did something here. Runs before the key after it is looked at."""
        match key:
            case "enter":
                return self._completer.accept_unfinished() or self._send()
            case "ctrl+s":
                return self._steer()
            case "shift+enter" | "alt+enter" | "ctrl+j":
                self._editor.put("\n")
                return True
            case "tab":
                return self._completer.accept() or self._completer.ask_again()
            case "up":
                return self._completer.move(-1) or self._older()
            case "down":
                return self._completer.move(+1) or self._newer()
            case "escape":
                return self._completer.decline()
        return False

    def _send(self) -> bool:
        text = self._editor.expanded
        if text.strip():
            self.clear()
            self.post_message(self.Submitted(text))
        elif not text:
            self.post_message(self.Blank())
        return True

    def _steer(self) -> bool:
        text = self._editor.expanded
        if text.strip() or self.queue.filled:
            self.clear()
            self.post_message(self.Steered(text.strip()))
        return True

    def _older(self) -> bool:
        if not self._editor.at_first_row:
            return False
        if self.queue.filled and not self._editor.text:
            self.queue.take_back()
            return True
        text = self._recall.older(self._editor.text)
        if text is not None:
            self._editor.show_draft(text)
            # At the end of the first line, so that the next Up goes on.
            self._editor.move_cursor((0, len(self._editor.document.get_line(0))))
            self._completer.stay_closed()
        return text is not None

    def _newer(self) -> bool:
        text = self._recall.newer(self._editor.text) if self._editor.at_last_row else None
        if text is not None:
            self._editor.show_draft(text)
            self._completer.stay_closed()
        return text is not None

    # --- what the parts say -------------------------------------------------------------------------

    @on(TextArea.Changed)
    def _changed(self, event: TextArea.Changed) -> None:
        event.stop()
        text = self._editor.text
        shell = text.startswith("!")
        self.set_class(shell, "-shell")
        self._mark.update("$" if shell else ">", layout=False)
        self._completer.look()
        self.post_message(self.Changed(text))

    @on(TextArea.SelectionChanged)
    def _cursor_moved(self, event: TextArea.SelectionChanged) -> None:
        event.stop()
        self._completer.look()

    @on(CompletionList.Picked)
    def _picked(self, event: CompletionList.Picked) -> None:
        event.stop()
        self._completer.accept()
        self.focus()
