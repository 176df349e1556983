"""The transcript widget: owns the viewport, draws rows, follows the end unless the reader scrolled up. Takes events
and values, posts messages; knows no session."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textual import events
from textual.filter import ANSIToTruecolor
from textual.geometry import Region
from textual.message import Message as WidgetMessage
from textual.selection import Selection
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from ollama_code.core.events import Event
from ollama_code.core.messages import Message
from ollama_code.core.results import Ending
from ollama_code.frontends.tui.palette import Palette
from ollama_code.frontends.tui.transcript.blocks import Block, NoticeBlock, Tone
from ollama_code.frontends.tui.transcript.edge import thumb
from ollama_code.frontends.tui.transcript.ink import Ink
from ollama_code.frontends.tui.transcript.pace import Pace
from ollama_code.frontends.tui.transcript.pages import Pages
from ollama_code.frontends.tui.transcript.selection import Unit, between, selected_text, word_at
from ollama_code.frontends.tui.transcript.story import NOT_KNOWN, Story
from ollama_code.frontends.tui.transcript.view import View

WHEEL_ROWS = 3
PAGE_OVERLAP = 2
"""Rows that stay in sight when a page is turned."""
CREEP_S = 1 / 30
CATCH_UP_S = 0.006
"""How long a large piece of text is worked on at once, with a rest of `BREATH_S` in which a key is answered."""
BREATH_S = 0.003


class Transcript(Widget, can_focus=False):
    """The conversation. `show` takes every event of `core.events` and ignores what is not its business."""

    DEFAULT_CSS = """
    Transcript {
        height: 1fr;
        background: $background;
    }
    """
    ALLOW_SELECT = False  # Textual's own dragging selects to the end of all text: see `selection`

    @dataclass
    class LinkClicked(WidgetMessage):
        """`path` is a file's path or an address, as it was written."""

        path: str

    class Due(WidgetMessage, bubble=False):
        """A frame is to be drawn."""

    def __init__(self, palette: Palette, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._pages = Pages(Ink(palette))
        self._view = View(self._pages)
        self._story = Story(self._place_block, self._touch)
        self._pace = Pace(self._later, self._draw)
        self._numbers: dict[Block, int] = {}
        self._changed: dict[int, None] = {}
        self._catching_up = False
        self.frames = 0
        """Frames drawn so far: what tests count."""
        self._details = False
        self._held: Unit | None = None
        self._dragged = False
        self._on_bar = False
        self._creep: Timer | None = None
        self._creep_x, self._creep_by = 0, 0

    def show(self, event: Event) -> None:
        self._story.hear(event)

    def say(self, text: str, tone: Tone = "info") -> None:
        """Words of the program: a notice, or a command's output of many lines."""
        self._story.put(NoticeBlock(text, tone))

    def recall(self, messages: Sequence[Message], endings: Mapping[str, Ending] = NOT_KNOWN) -> None:
        """Show the conversation of a continued session, ending at its end. Only what is in sight is laid out.
        `endings` says by its id how a call ended."""
        for block in self._story.recall(messages, endings):
            self._add(block, 0)
        self._pace.request()

    def clear(self) -> None:
        self._story.forget()
        self._pages.clear()
        self._numbers.clear()
        self._changed.clear()
        self._unselect()
        self._draw()

    def toggle_details(self) -> None:
        """Open all thinking and all output, or fold them again."""
        self._details = not self._details
        self._unselect()
        for index in range(len(self._pages.pages)):
            self._toggle(index, is_open=self._details)
        self._draw()

    @property
    def following(self) -> bool:
        """Whether new text moves the view; false while the reader is further up."""
        return self._pages.following

    @property
    def is_settled(self) -> bool:
        """Whether everything shown so far is drawn."""
        return bool(self._pages.width) and not self._changed and not self._pace.is_waiting

    @property
    def laid_out(self) -> int:
        """Blocks whose rows are held: what tests count."""
        return sum(page.is_laid_out for page in self._pages.pages)

    def action_page_up(self) -> None:
        self._scroll(min(-1, PAGE_OVERLAP - self._pages.view_height))

    def action_page_down(self) -> None:
        self._scroll(max(1, self._pages.view_height - PAGE_OVERLAP))

    def action_scroll_up(self) -> None:
        self._scroll(-1)

    def action_scroll_down(self) -> None:
        self._scroll(1)

    def action_scroll_home(self) -> None:
        self._pages.to_start()
        self._draw()

    def action_scroll_end(self) -> None:
        self._pages.to_end()
        self._draw()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        return selected_text(self._pages, selection), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self._draw()

    def render_lines(self, crop: Region) -> list[Strip]:
        strips = self._view.strips[crop.y : crop.bottom]
        if len(strips) < crop.height:  # asked for before the first drawing at this size
            strips += [Strip.blank(self.size.width, self._pages.ink.text)] * (crop.height - len(strips))
        if crop.x or crop.width != self._pages.width:
            strips = [strip.crop(crop.x, crop.right) for strip in strips]
        for line_filter in self.get_line_filters():
            if not isinstance(line_filter, ANSIToTruecolor):  # our colours are all true already
                strips = [strip.apply_filter(line_filter, self.background_colors[1]) for strip in strips]
        return strips

    def on_mount(self) -> None:
        self._pace.request()

    def on_transcript_due(self) -> None:
        self._pace.frame()

    def on_resize(self, event: events.Resize) -> None:
        self._pages.resize(event.size.width, event.size.height)
        self._draw()
        self.refresh()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        event.prevent_default()
        self._scroll(WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        event.prevent_default()
        self._scroll(-WHEEL_ROWS)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if event.button != 1:
            return
        self._dragged = False
        self.capture_mouse()
        self._on_bar = event.x >= self.size.width - 1 and not self.following
        if self._on_bar:
            self._drag_bar(event.y)
        else:
            self._held = self._view.unit_at(event.x, event.y)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._on_bar:
            self._drag_bar(event.y)
        elif self._held is not None:
            self._dragged = True
            self._select_to(event.x, event.y)
            self._creep_when_outside(event.x, event.y)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        self._held, self._on_bar = None, False
        self._stop_creeping()
        self.release_mouse()

    def on_click(self, event: events.Click) -> None:
        unit = self._view.unit_at(event.x, event.y)
        if self._dragged or unit is None or self._view.spot_at(event.y) is None:
            return
        line = self._pages.lines(unit.page)[unit.line]
        if event.chain == 2:
            start, end = word_at(line, unit.start)
            self._select(Unit(unit.page, unit.line, start, end))
        elif event.chain == 3:
            self._select(Unit(unit.page, unit.line, 0, len(line.text)))
        elif link := self._view.link_at(event.x, event.y):
            self.post_message(self.LinkClicked(link.target))
        else:
            self._fold(unit)

    def _place_block(self, block: Block, depth: int) -> None:
        self._add(block, depth)
        self._touch(block)

    def _add(self, block: Block, depth: int) -> None:
        """Put a block at the end; it is laid out when it comes in sight."""
        if block.folds:
            block.is_open = self._details
        self._numbers[block] = len(self._pages.pages)
        before = self._pages.total
        self._pages.add(block, depth)
        if not self.following:
            self._view.new_below += self._pages.total - before

    def _touch(self, block: Block) -> None:
        if (number := self._numbers.get(block)) is not None:
            block.restart()
            self._changed[number] = None
            self._pace.request()

    def _draw(self) -> None:
        """One frame: take in what changed, then repaint the rows that are not what they were."""
        pages = self._pages
        if not pages.width or not self.is_attached:
            return
        self.frames += 1
        self._take_in()
        first, last = self._view.draw(self.screen.selections.get(self))
        if first < last:
            self.refresh(Region(0, first, pages.width, last - first))
        self._breathe()

    def _later(self, wait_s: float) -> None:
        """A timer of Textual's is a task and three messages, at every frame; this is one message."""
        if wait_s:
            asyncio.get_running_loop().call_later(wait_s, self.post_message, self.Due())
        else:
            self.post_message(self.Due())

    def _take_in(self) -> None:
        """Bring blocks up to date, each by one bite; what has more to take in stays among the changed."""
        changed, self._changed = self._changed, {}
        for number in changed:
            _, growth = self._pages.update(number)
            if not self.following and growth > 0 and number >= self._pages.top.page:
                self._view.new_below += growth
            if self._pages.pages[number].block.behind:
                self._changed[number] = None

    def _breathe(self) -> None:
        """Arrange to go on with what is behind."""
        if self._changed and not self._catching_up:
            self._catching_up = True
            self.set_timer(BREATH_S, self._catch_up)

    def _catch_up(self) -> None:
        """Work on what is behind, a little at a time; frames are drawn when they are due."""
        self._catching_up = False
        end = time.monotonic() + CATCH_UP_S
        while self._changed and time.monotonic() < end:
            self._take_in()
        self._pace.request()
        self._breathe()

    def _scroll(self, rows: int) -> None:
        self._pages.scroll(rows)
        self._draw()

    def _fold(self, unit: Unit) -> None:
        """A folded block opens wherever it is clicked; an open one folds at its title."""
        page = self._pages.pages[unit.page]
        block = page.block
        if not block.folds or (block.is_open and not page.line(unit.line).folds):
            return
        y = self._view.row_of_page(unit.page)
        self._unselect()
        self._toggle(unit.page, is_open=not block.is_open)
        self._pages.hold(unit.page, y)
        self._draw()

    def _toggle(self, index: int, *, is_open: bool) -> None:
        self._pages.toggle(index, is_open=is_open)
        if self._pages.pages[index].block.behind:
            self._changed[index] = None

    def _select(self, unit: Unit) -> None:
        self.screen.selections = {self: between(unit, unit)}

    def _select_to(self, x: int, y: int) -> None:
        unit = self._view.unit_at(x, y)
        if self._held is not None and unit is not None:
            self.screen.selections = {self: between(self._held, unit)}

    def _unselect(self) -> None:
        """Places in the text are about to mean something else."""
        if self.is_attached and self in self.screen.selections:
            self.screen.clear_selection()

    def _drag_bar(self, y: int) -> None:
        top, end = thumb(self._pages)
        free = max(1, self._pages.view_height - (end - top))
        beyond = max(0, self._pages.total - self._pages.view_height)
        self._pages.to_row(round(beyond * max(0, min(y - (end - top) // 2, free)) / free))
        self._draw()

    def _creep_when_outside(self, x: int, y: int) -> None:
        height = self._pages.view_height
        self._creep_x, self._creep_by = x, -1 if y < 0 else 1 if y >= height else 0
        if self._creep_by and self._creep is None:
            self._creep = self.set_interval(CREEP_S, self._creep_on)
        elif not self._creep_by:
            self._stop_creeping()

    def _creep_on(self) -> None:
        self._scroll(self._creep_by)
        self._select_to(self._creep_x, -1 if self._creep_by < 0 else self._pages.view_height)

    def _stop_creeping(self) -> None:
        if self._creep is not None:
            self._creep.stop()
            self._creep = None
