"""A panel that asks: a head, a body that scrolls, numbered options, a line to type in. What the options mean is its
subclass's business."""

from __future__ import annotations

import time
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key, Paste, Resize
from textual.geometry import Size
from textual.widgets import Input, Static

from ollama_code.frontends.tui.panels.choices import Choices
from ollama_code.frontends.tui.panels.rows import Row, Rows
from ollama_code.frontends.tui.panels.settle import Clock, Settle, Typed

_SHARE = 0.6
"""Of the terminal's height, at most, so that what led to the question stays in sight."""
_SMALL_LINES, _ROOMY_LINES = 12, 32
"""Heights of the terminal: below the first the body may shrink to a line, from the second on blank lines part it."""
_CRAMPED_LINES = 16
"""Below this height what only helps gives way, and the options, which can be scrolled to and have their keys."""
_MOST_OPTION_LINES = 10
_OVERLAP = 1
"""Lines that stay in sight when a page is turned; none where the end of the text takes the room."""
_PAGES = {"pageup": -1, "pagedown": 1}


@dataclass(frozen=True)
class Form:
    """All texts are cleaned rows. `body` begins scrolled to its row `begin`; the end of what is before its row `end`
    stays in sight. `lead` says how the options are chosen, `placeholder` what the line is for, `numbers` which digits
    mean the options where those are not 1, 2, 3: a digit keeps its meaning when an option is missing."""

    head: tuple[Row, ...]
    body: tuple[Row, ...]
    options: tuple[Row, ...]
    lead: str
    placeholder: str
    numbers: tuple[int, ...] = ()
    begin: int = 0
    end: int | None = None

    def index_of(self, digit: str) -> int | None:
        """The option that a digit means, from 0."""
        numbers = self.numbers or tuple(range(1, len(self.options) + 1))
        return numbers.index(int(digit)) if digit.isdecimal() and int(digit) in numbers else None


class AskingPanel(Vertical, can_focus=True):
    """Hidden until `_open`, hidden again by `close`. Keys and clicks count only after the settling time."""

    DEFAULT_CSS = """
    AskingPanel {
        display: none;
        height: auto;
        background: $panel;
        border-top: heavy $accent;
        padding: 0 1;
    }
    AskingPanel #body {
        background: $surface; scrollbar-background: $surface;
        scrollbar-background-hover: $surface; scrollbar-background-active: $surface;
    }
    AskingPanel #head { scrollbar-gutter: auto; overflow: hidden; }
    AskingPanel.-roomy #body { margin: 1 0; }
    AskingPanel.-roomy #lead { margin-top: 1; }
    AskingPanel.-cramped { border-top: none; }
    AskingPanel.-cramped #lead { display: none; }
    AskingPanel #words {
        display: none; height: 1; border: none; padding: 0 1;
        background: $surface; color: $foreground;
    }
    AskingPanel #words > .input--placeholder { color: $dim; }
    AskingPanel.-typing #words { display: block; }
    AskingPanel #lead { height: 1; color: $dim; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self, *, clock: Clock = time.monotonic, id: str | None = None) -> None:
        super().__init__(id=id)
        self._settle = Settle(clock)
        self._form: Form | None = None
        self._head = Rows(id="head")
        self._body = Rows(id="body", limit=self._room)
        self._choices = Choices(limit=_option_lines)
        self._words = Input(id="words", compact=True, select_on_focus=False)
        self._lead = Static(id="lead")

    def compose(self) -> ComposeResult:
        yield self._head
        yield self._body
        yield self._choices
        yield self._words
        yield self._lead

    def on_mount(self) -> None:
        self.watch(self._body, "scroll_y", self._tell_lead, init=False)
        self.watch(self._body, "virtual_size", self._tell_lead, init=False)

    # --- for the subclass --------------------------------------------------------------------------------

    def _open(self, form: Form) -> None:
        self._form = form
        self._head.show(form.head)
        self._body.show(form.body, anchored=len(form.body) if form.end is None else form.end)
        self._body.display = bool(form.body)
        self._body.begin_at(form.begin)
        self._choices.offer(form.options)
        self._choices.display = bool(form.options)
        self._words.value = ""
        self._words.placeholder = form.placeholder
        self.set_class(not form.options, "-typing")
        self._make_room()
        self._settle.begin()
        self.display = True
        self._tell_lead()
        self.call_after_refresh(self._tell_lead)
        self.focus()

    def close(self) -> None:
        """Withdraw the question; nothing is answered."""
        self._form = None
        self.display = False

    def _pick(self, index: int) -> None:
        """The option at `index`, from 0, was chosen."""
        raise NotImplementedError

    def _say(self, text: str) -> None:
        """The line was sent; `text` is not blank."""
        raise NotImplementedError

    def _refuse(self) -> None:
        """Esc."""
        raise NotImplementedError

    def _press(self, event: Key) -> bool:
        """A key of the subclass's own; true when it was one."""
        return False

    def _start_typing(self, text: str = "") -> None:
        self.add_class("-typing")
        self._words.focus()
        self._words.insert_text_at_cursor(text)
        self.call_after_refresh(self._tell_lead)

    # --- keys and mouse ----------------------------------------------------------------------------------

    def on_key(self, event: Key) -> None:
        if self._form is None:
            return
        if self.has_focus and self._settle.stray(event):
            self._take(event)
            self.post_message(Typed(Key(event.key, event.character)))
        elif event.key == "escape":
            self._take(event)
            self._escape()
        elif self.has_focus and (self._navigate(event.key) or self._number(event) or self._press(event)):
            self._take(event)

    def on_paste(self, event: Paste) -> None:
        if self.has_focus:
            event.stop()
            self.post_message(Typed(Paste(event.text)))

    def on_choices_chosen(self, message: Choices.Chosen) -> None:
        message.stop()
        if self._form is not None and self._settle.over:
            self._choices.point(message.index)
            self._pick(message.index)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        message.stop()
        if self._form is not None and message.value.strip():
            self._say(message.value.strip())

    @staticmethod
    def _take(event: Key) -> None:
        event.stop()
        event.prevent_default()

    def _escape(self) -> None:
        if self._form is not None and self._form.options and self._words.has_focus:
            self.remove_class("-typing")
            self.focus()
            self.call_after_refresh(self._tell_lead)
        else:
            self._refuse()

    def _navigate(self, key: str) -> bool:
        if key in _PAGES:
            seen = self._body.seen
            self._body.stay()
            page = max(seen.last - seen.first - (0 if seen.hidden else _OVERLAP), 1)
            self._body.scroll_to(y=self._body.scroll_offset.y + _PAGES[key] * page, animate=False)
        elif key in ("home", "end"):
            self._body.stay()
            self._body.scroll_to(y=0 if key == "home" else self._body.virtual_size.height, animate=False)
        elif key in ("up", "down") and self._choices.display:
            self._choices.move(-1 if key == "up" else 1)
        elif key == "enter" and self._choices.display:
            self._pick(self._choices.cursor)
        else:
            return False
        return True

    def _number(self, event: Key) -> bool:
        assert self._form is not None
        index = self._form.index_of(event.character or "")
        if index is None:
            return False
        self._choices.point(index)
        self._pick(index)
        return True

    def on_focus(self) -> None:
        self._tell_lead()

    def on_blur(self) -> None:
        self.call_after_refresh(self._tell_lead)

    # --- size --------------------------------------------------------------------------------------------

    def on_resize(self, event: Resize) -> None:
        self._make_room()
        self.call_after_refresh(self._tell_lead)

    def _make_room(self) -> None:
        self.set_class(self.app.size.height >= _ROOMY_LINES, "-roomy")
        self.set_class(self.app.size.height < _CRAMPED_LINES, "-cramped")

    def _room(self, terminal: Size, width: int) -> int:
        """Lines left for the body when everything else has its place."""
        rest = self._head.height_for(width) + int(self.has_class("-typing")) + self.gutter.height
        rest += int(not self.has_class("-cramped"))
        rest += self._body.styles.margin.height + self._lead.styles.margin.height
        if self._choices.display:
            rest += self._choices.get_content_height(terminal, terminal, width)
        return max(int(terminal.height * _SHARE) - rest, 3 if terminal.height >= _SMALL_LINES else 1)

    def _tell_lead(self) -> None:
        if self._form is None:
            return
        shown, total = self._body.scrollable_content_region.height, self._body.virtual_size.height
        place = ""
        if self._body.display and 0 < shown < total:
            seen = self._body.seen
            place = f"lines {seen.first + 1:,}-{seen.last:,} of {total:,}, PgUp PgDn  ·  "
        lead = place + self._form.lead
        if not self.has_focus_within:
            lead = "Esc goes back to this question"
        elif self.has_class("-typing") and self._form.options:
            lead = "Enter sends  ·  Esc goes back"
        self._lead.update(Content(lead))


def _option_lines(terminal: Size, width: int) -> int:
    spare = terminal.height // 3 - (2 if terminal.height < _CRAMPED_LINES else 0)
    return min(_MOST_OPTION_LINES, max(spare, 2))
