"""The full screen: places the widgets, routes keys and messages between them and the bridge."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical

from ollama_code.commands.registry import COMMANDS
from ollama_code.core.errors import ModelMissing, ModelUnclear, OllamaCodeError, ServerUnreachable
from ollama_code.core.events import Compacted, Event, ModeChanged, TodosChanged
from ollama_code.frontends.tui.bridge import Bridge
from ollama_code.frontends.tui.dialogs.picker import ModelPicker, ModelRow
from ollama_code.frontends.tui.dialogs.pull import PullPanel
from ollama_code.frontends.tui.input.choices import Choice, CommandChoices, FileChoices, Sources
from ollama_code.frontends.tui.input.prompt import PromptInput
from ollama_code.frontends.tui.input.queue import QueueView
from ollama_code.frontends.tui.palette import Palette, palettes
from ollama_code.frontends.tui.panels.amounts import tokens
from ollama_code.frontends.tui.panels.confirm import ConfirmPanel
from ollama_code.frontends.tui.panels.question import QuestionPanel
from ollama_code.frontends.tui.panels.settle import Typed
from ollama_code.frontends.tui.panels.status import StatusBar
from ollama_code.frontends.tui.panels.todos import WIDE_COLUMNS, TodoPanel
from ollama_code.frontends.tui.panels.welcome import Missing, Welcome
from ollama_code.frontends.tui.pulse import Pulse
from ollama_code.frontends.tui.questions import Questions
from ollama_code.frontends.tui.themes import textual_theme
from ollama_code.frontends.tui.transcript.blocks import Tone
from ollama_code.frontends.tui.transcript.widget import Transcript
from ollama_code.ports import ModelSummary, PullProgress

if TYPE_CHECKING:
    from ollama_code.bootstrap.assembly import Opened
    from ollama_code.bootstrap.options import Options

Search = Callable[[str, int], Awaitable[Sequence[str]]]


class OllamaCodeApp(App[int]):
    """One conversation on the whole screen. Knows widgets and the bridge, nothing below."""

    TITLE = "ollama-code"
    AUTO_FOCUS = "PromptInput TextArea"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen { background: $background; }
    #talk { height: 1fr; }
    #main { width: 1fr; }
    Welcome { display: none; }
    #talk.-narrow { layout: vertical; }
    TodoPanel.-unwanted { display: none; }
    #main.-missing Welcome { display: block; }
    #main.-missing Transcript { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stop", "stop the turn"),
        Binding("ctrl+c", "leave", "twice: leave"),
        Binding("ctrl+q", "quit", "leave", show=False, priority=True),
        Binding("shift+tab", "cycle_mode", "mode", priority=True),  # before the screen moves the focus
        Binding("ctrl+t", "toggle_todos", "todos"),
        Binding("ctrl+o", "details", "details"),
        Binding("pageup", "scroll('page_up')", "scroll"),
        Binding("pagedown", "scroll('page_down')", "scroll"),
        Binding("ctrl+home", "scroll('scroll_home')", "to the start"),
        Binding("ctrl+end", "scroll('scroll_end')", "to the end"),
    ]

    def __init__(
        self, options: Options, palette: Palette, history: Sequence[str], keep: Callable[[str], None]
    ) -> None:
        """`history` is what was typed before, oldest first; `keep` stores what is typed now."""
        super().__init__()
        for known in palettes().values():
            self.register_theme(textual_theme(known))
        self.theme = palette.name
        self._keep = keep
        self._search: Search | None = None
        self._pulse = Pulse()
        self._leaving = False
        self._session = ""
        self._pulling = False
        self._todos_wanted = True
        self._questions = Questions(self._listen)
        self.bridge = Bridge(options, self, self._questions.asker)
        commands = CommandChoices([Choice(name, command.summary) for name, command in COMMANDS.items()])
        self.transcript = Transcript(palette)
        self.prompt = PromptInput(history, sources=Sources(commands, FileChoices(self._files)))
        # Held, not looked up: a query sees only the screen on top, and that may be a dialog.
        self._welcome, self._pulls = Welcome(), PullPanel()
        self._todos, self._status = TodoPanel(), StatusBar()
        self._main = Vertical(
            self.transcript,
            self._welcome,
            self._pulls,
            self._questions.confirm,
            self._questions.question,
            id="main",
        )
        self._talk = Horizontal(self._main, self._todos, id="talk")

    def compose(self) -> ComposeResult:
        yield self._talk
        yield self.prompt
        yield self._status

    def on_mount(self) -> None:
        self.run_worker(self.bridge.run(), name="bridge", exit_on_error=True)

    def on_resize(self, event: events.Resize) -> None:
        self._place_todos(event.size.width)

    # --- what the person does ------------------------------------------------------------------------

    @on(PromptInput.Submitted)
    def _submitted(self, message: PromptInput.Submitted) -> None:
        text = message.text.strip()
        self.prompt.remember(text)
        self._keep(text)
        self._hint("")
        self.bridge.submit(text)

    @on(PromptInput.Blank)
    def _look_again(self) -> None:
        if not self.bridge.session_open and not self.bridge.busy:
            self._hint("looking again")
            self.bridge.retry()

    @on(PromptInput.Changed)
    def _typing(self) -> None:
        self._hint("")

    @on(QueueView.TakeBack)
    def _take_back(self) -> None:
        if line := self.bridge.take_back():
            self.prompt.set_draft(line)

    @on(Typed)
    def _typed(self, message: Typed) -> None:
        self._receive(message.event)

    def on_key(self, event: events.Key) -> None:
        """A key nothing else took: letters belong to the prompt wherever the focus is."""
        if event.is_printable and not self.screen.is_modal:
            self._receive(event)

    def _receive(self, event: events.Key | events.Paste) -> None:
        self.prompt.receive(event)
        self._questions.focus()

    @on(ConfirmPanel.Answered)
    def _answered(self, message: ConfirmPanel.Answered) -> None:
        self._questions.answered(message)

    @on(QuestionPanel.Replied)
    def _replied(self, message: QuestionPanel.Replied) -> None:
        self._questions.replied(message)

    @on(PullPanel.Cancelled)
    def _pull_cancelled(self) -> None:
        if self._pulling:
            self.bridge.stop()
        else:  # it had failed, and was read
            self._pulls.close()
            self._listen()

    def action_stop(self) -> None:
        self.bridge.stop()

    def action_leave(self) -> None:
        """Ctrl+C: copies what is selected, else the second one in a row leaves."""
        if selected := self.screen.get_selected_text():
            self.copy_to_clipboard(selected)
            self.screen.clear_selection()
            return
        if self._leaving:
            self.leave()
            return
        self._hint("Ctrl+C again leaves")
        self._leaving = True

    async def action_quit(self) -> None:
        self.leave()

    def action_cycle_mode(self) -> None:
        self.bridge.cycle_mode()

    def action_details(self) -> None:
        self.transcript.toggle_details()

    def action_scroll(self, how: str) -> None:
        getattr(self.transcript, f"action_{how}")()

    def action_toggle_todos(self) -> None:
        self._todos_wanted = not self._todos_wanted
        self._place_todos(self.size.width)

    # --- what the bridge tells (Face) ----------------------------------------------------------------

    def loaded(self) -> None:
        self._search = self.bridge.search_files

    def opened(self, opened: Opened) -> None:
        session = opened.session
        self._main.remove_class("-missing")
        if session.id != self._session:
            self._greet(opened)
        self._pulse.change(
            replace(
                self._pulse.status,
                model=session.head.model,
                mode=session.mode,
                used_tokens=session.tokens_used,
                num_ctx=session.head.num_ctx,
            )
        )
        self._hint("")

    def missing(self, error: OllamaCodeError, models: tuple[ModelSummary, ...] = ()) -> None:
        can_chat = any(map(_chats, models))
        match error:
            case ServerUnreachable():
                self._show_missing("server", error)
            case ModelMissing() | ModelUnclear():
                self._show_missing("choice" if can_chat else "model", error)
            case _:
                self.say(error.sentence, "error")
        if can_chat:
            self.choose_model(models, "")

    def show(self, event: Event) -> None:
        self._main.remove_class("-missing")
        self._pulse.hear(event)
        match event:
            case ModeChanged():  # the status bar tells it; a line in the middle of an answer would cut it in two
                pass
            case Compacted(tokens_before=before, tokens_after=after):
                self.transcript.say(f"Compacted: {tokens(before)} tokens became {tokens(after)}.", "dim")
            case TodosChanged(items=items, agent="main"):
                self._todos.show(items)
                self._place_todos(self.size.width)
            case _:
                self.transcript.show(event)
        self._show_status()

    def say(self, text: str, tone: Tone = "info") -> None:
        self._main.remove_class("-missing")
        self.transcript.say(text, tone)

    def queued(self, lines: tuple[str, ...]) -> None:
        self.prompt.queue.show(lines)

    def returned(self, line: str) -> None:
        if not self.prompt.text_expanded:
            self.prompt.set_draft(line)

    def choose_model(self, models: tuple[ModelSummary, ...], current: str) -> None:
        rows = [_row(model, current) for model in models if _chats(model)]
        names = {row.name for row in rows}

        def chosen(name: str | None) -> None:
            if name:
                (self.bridge.use_model if name in names else self.bridge.pull)(name)
            self._listen()

        self.push_screen(ModelPicker(rows), chosen)

    def pulling(self, model: str, progress: PullProgress) -> None:
        if not self._pulling:
            self._pulling = True
            self._pulls.begin(model)
        self._pulls.show(progress)

    def pulled(self, model: str, trouble: str) -> None:
        self._pulling = False
        if trouble:
            self._pulls.fail(trouble)
        else:
            self._pulls.close()
            self._listen()

    def cleared(self) -> None:
        self.transcript.clear()
        self._todos.show(())

    def copy(self, text: str) -> None:
        self.copy_to_clipboard(text)
        self._hint("copied")

    def leave(self) -> None:
        self.exit(0)

    def _greet(self, opened: Opened) -> None:
        """A session that was just opened: what it goes on with, and what the person should know of it."""
        if not self._session:
            self.transcript.recall(opened.session.history)
        self._session = opened.session.id
        self._todos.show(opened.todos.items)
        self._place_todos(self.size.width)
        for notice in opened.notices:
            self.transcript.say(notice, "dim")

    # --- the look ------------------------------------------------------------------------------------

    def _place_todos(self, width: int) -> None:
        narrow = width < WIDE_COLUMNS
        self._talk.set_class(narrow, "-narrow")
        panel = self._todos
        panel.set_class(narrow, "-folded")
        panel.set_class(not self._todos_wanted, "-unwanted")

    def _show_missing(self, kind: Missing, error: OllamaCodeError) -> None:
        self._hint("")
        self._welcome.show_missing(kind, self.bridge.address, error.sentence)
        self._main.add_class("-missing")

    def _listen(self) -> None:
        """Nothing asks any more: keys go to the prompt."""
        self.prompt.focus()

    def _hint(self, text: str) -> None:
        """A passing word at the right of the status bar; whatever is typed next takes it away."""
        self._leaving = False
        self._pulse.note(text)
        self._show_status()

    def _show_status(self) -> None:
        self._status.show(self._pulse.status)

    async def _files(self, letters: str, limit: int) -> Sequence[str]:
        return await self._search(letters, limit) if self._search is not None else ()


def _chats(model: ModelSummary) -> bool:
    return not model.capabilities or "completion" in model.capabilities


def _row(model: ModelSummary, current: str) -> ModelRow:
    able = tuple(sorted(model.capabilities - {"completion"}))
    return ModelRow(
        name=model.name,
        size_bytes=model.size_bytes,
        parameter_size=model.parameter_size,
        capabilities=able,
        remote=model.remote,
        current=model.name == current,
        warning="no tools" if model.capabilities and "tools" not in able else "",
    )
