"""The full screen: paints the prompt at once, has the rest of the program loaded behind it, and routes keys.

Nothing heavy is imported here: what shows a conversation is in `room`, loaded after the first paint."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.actions import SkipAction
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from ollama_code.core.errors import OllamaCodeError
from ollama_code.frontends.tui.ground import Ground
from ollama_code.frontends.tui.input.prompt import PromptInput
from ollama_code.frontends.tui.input.queue import QueueView
from ollama_code.frontends.tui.keyboard import Keyboard
from ollama_code.frontends.tui.palette import Palette, palettes
from ollama_code.frontends.tui.themes import textual_theme

if TYPE_CHECKING:
    from ollama_code.bootstrap.hosting import StartProxy
    from ollama_code.bootstrap.options import Options
    from ollama_code.frontends.tui.room import Room


class OllamaCodeApp(App[int]):
    """What is sent before the room is there waits in the queue, like what is sent while a turn runs."""

    TITLE = "ollama-code"
    AUTO_FOCUS = "PromptInput TextArea"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #ground { height: 1fr; }
    #foot { height: 1; background: $surface; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stop", "stops"),
        Binding("ctrl+c", "leave", "twice leaves"),
        Binding("ctrl+q", "quit", "leave", show=False, priority=True),
        Binding("shift+tab", "cycle_mode", "mode", priority=True),  # before the screen moves the focus
        Binding("ctrl+t", "toggle_todos", "todos"),
        Binding("ctrl+o", "details", "details"),
        Binding("pageup", "scroll('page_up')", "scroll", show=False, priority=True),
        Binding("pagedown", "scroll('page_down')", "scroll", show=False, priority=True),
        Binding("ctrl+home", "scroll('scroll_home')", "to the start", show=False, priority=True),
        Binding("ctrl+end", "scroll('scroll_end')", "to the end", show=False, priority=True),
    ]

    def __init__(
        self,
        options: Options,
        palette: Palette,
        *,
        start_proxy: StartProxy | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(driver_class=Keyboard)
        for known in palettes().values():
            self.register_theme(textual_theme(known))
        self.theme = palette.name
        self.prompt = PromptInput()
        self.room: Room | None = None
        self.failure: OllamaCodeError | None = None
        """Why it could not begin, such as a settings file to mend."""
        self._options = options
        self._palette = palette
        self._start_proxy = start_proxy
        self._clock = clock
        self._early: list[str] = []
        self._leaving = False

    def get_default_screen(self) -> Ground:
        return Ground(id="_default")

    def compose(self) -> ComposeResult:
        yield Static(id="ground")
        yield self.prompt
        yield Static(id="foot")

    def on_mount(self) -> None:
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self.run_worker(self._furnish(), name="room")

    async def _furnish(self) -> None:
        """Load everything that shows and holds a conversation, put it on the screen, hand over what was sent."""
        try:
            room = await asyncio.to_thread(self._load)
        except OllamaCodeError as e:
            self.failure = e
            self.exit(e.exit_code)
            return
        with self.batch_update():
            await self.mount(room, before=self.prompt)
            await self.mount(room.status, after=self.prompt)
            await self.query("#ground, #foot").remove()
        self.room = room
        if self._start_proxy is not None:
            room.bridge.host_with(self._start_proxy)
        room.resized(self.size.width)
        for line in self._early:
            room.bridge.submit(line)

    def _load(self) -> Room:
        """In a thread: importing it takes longer than the first paint. Raises: UsageError for settings to mend."""
        module = import_module("ollama_code.frontends.tui.room")
        room: Room = module.furnish(self._options, self._palette, self.prompt, self._clock)
        return room

    async def close(self) -> None:
        """Stop what runs and close the session."""
        if self.room is not None:
            await self.room.bridge.close()

    def on_resize(self, event: events.Resize) -> None:
        if self.room is not None:
            self.room.resized(event.size.width)

    # --- what is typed -------------------------------------------------------------------------------

    @on(PromptInput.Submitted)
    def _submitted(self, message: PromptInput.Submitted) -> None:
        text = message.text.strip()
        self.prompt.remember(text)
        if self.room is not None:
            self.room.submit(text)
        else:
            self._early.append(text)
            self.prompt.queue.show(self._early)

    @on(PromptInput.Steered)
    def _steered(self, message: PromptInput.Steered) -> None:
        if self.room is not None:
            self.prompt.remember(message.text)
            self.room.steer(message.text)
        elif message.text:
            self._submitted(PromptInput.Submitted(message.text))

    @on(PromptInput.Changed)
    def _changed(self, message: PromptInput.Changed) -> None:
        if self.room is not None and not message.text:
            self.room.emptied()

    @on(PromptInput.Blank)
    def _go_on(self) -> None:
        if self.room is not None:
            self.room.go_on()

    @on(QueueView.TakeBack)
    def _take_back(self) -> None:
        if self.room is not None:
            self.room.take_back()

    def on_key(self, event: events.Key) -> None:
        """A key nothing else took: letters belong to the prompt wherever the focus is."""
        if event.is_printable and not self.screen.is_modal:
            self.prompt.receive(event)

    # --- keys ----------------------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """Whatever is typed, in a dialog too, takes the passing word away."""
        if isinstance(event, events.Paste) or (isinstance(event, events.Key) and event.key != "ctrl+c"):
            self._hint("")
        await super().on_event(event)

    def action_stop(self) -> None:
        if self.room is not None:
            self.room.stop()

    def action_leave(self) -> None:
        """Ctrl+C: copies what is selected, else the second one in a row leaves."""
        if selected := self.screen.get_selected_text():
            self.copy_to_clipboard(selected)
            self.screen.clear_selection()
            self._hint("copied")
        elif self._leaving:
            self.exit(0)
        else:
            self._hint("Ctrl+C again leaves")
            self._leaving = True

    async def action_quit(self) -> None:
        self.exit(0)

    def action_cycle_mode(self) -> None:
        if self.room is not None and not self.room.bridge.cycle_mode():
            self._hint("the mode can change once there is a model")

    def action_details(self) -> None:
        if self.room is not None:
            self.room.transcript.toggle_details()

    def action_scroll(self, how: str) -> None:
        """The transcript, while the prompt has the focus: a question and a dialog scroll by themselves."""
        if self.focused not in self.prompt.walk_children():
            raise SkipAction
        if self.room is not None:
            getattr(self.room.transcript, f"action_{how}")()

    def action_toggle_todos(self) -> None:
        if self.room is not None:
            self.room.toggle_todos()

    def _hint(self, text: str) -> None:
        self._leaving = False
        if self.room is not None:
            self.room.hint(text)
