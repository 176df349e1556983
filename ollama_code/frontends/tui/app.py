"""The full screen: places the widgets, routes keys and messages between them and the bridge."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical

from ollama_code.commands.registry import COMMANDS
from ollama_code.core.errors import ModelMissing, ModelUnclear, OllamaCodeError, ServerUnreachable
from ollama_code.core.events import Event, TodosChanged
from ollama_code.core.permission import Answer, PermissionRequest, Question
from ollama_code.frontends.tui.asker import TuiAsker, resolve
from ollama_code.frontends.tui.bridge import Bridge
from ollama_code.frontends.tui.dialogs.picker import ModelPicker, ModelRow
from ollama_code.frontends.tui.dialogs.pull import PullPanel
from ollama_code.frontends.tui.input.choices import Choice, CommandChoices, FileChoices, Sources
from ollama_code.frontends.tui.input.prompt import PromptInput
from ollama_code.frontends.tui.input.queue import QueueView
from ollama_code.frontends.tui.palette import Palette, palettes
from ollama_code.frontends.tui.panels.confirm import ConfirmPanel
from ollama_code.frontends.tui.panels.question import QuestionPanel
from ollama_code.frontends.tui.panels.settle import Typed
from ollama_code.frontends.tui.panels.status import StatusBar
from ollama_code.frontends.tui.panels.todos import WIDE_COLUMNS, TodoPanel
from ollama_code.frontends.tui.panels.welcome import Missing, Welcome
from ollama_code.frontends.tui.pulse import Pulse
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
    Screen.-missing Welcome { display: block; }
    Screen.-missing Transcript { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stop", "stop the turn"),
        Binding("ctrl+c", "leave", "twice: leave", priority=False),
        Binding("ctrl+q", "quit", "leave", show=False),
        Binding("shift+tab", "cycle_mode", "mode"),
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
        self._asked: asyncio.Future[Answer] | None = None
        self._questioned: asyncio.Future[str] | None = None
        self._leaving = False
        self._session = ""
        self._todos_wanted = True
        self.bridge = Bridge(
            options,
            self,
            TuiAsker(on_approve=self._approve, on_question=self._question, on_withdraw=self._withdraw),
        )
        commands = CommandChoices([Choice(name, command.summary) for name, command in COMMANDS.items()])
        self.transcript = Transcript(palette)
        self.prompt = PromptInput(history, sources=Sources(commands, FileChoices(self._files)))

    def compose(self) -> ComposeResult:
        with Horizontal(id="talk"):
            with Vertical(id="main"):
                yield self.transcript
                yield Welcome()
                yield PullPanel()
                yield ConfirmPanel()
                yield QuestionPanel()
            yield TodoPanel()
        yield self.prompt
        yield StatusBar()

    def on_mount(self) -> None:
        self.run_worker(self.bridge.run(), name="bridge", exit_on_error=True)

    def on_resize(self, event: events.Resize) -> None:
        self._place_todos(event.size.width)

    # --- what the person does ------------------------------------------------------------------------

    @on(PromptInput.Submitted)
    def _submitted(self, message: PromptInput.Submitted) -> None:
        text = message.text.strip()
        self._leaving = False
        if not text:
            if not self.bridge.session_open and not self.bridge.busy:
                self.bridge.retry()
            return
        self.prompt.remember(text)
        self._keep(text)
        self.bridge.submit(text)

    @on(QueueView.TakeBack)
    def _take_back(self) -> None:
        if line := self.bridge.take_back():
            self.prompt.set_draft(line)

    @on(Typed)
    def _typed(self, message: Typed) -> None:
        self.prompt.receive(message.event)
        self._focus_asker()

    @on(ConfirmPanel.Answered)
    def _answered(self, message: ConfirmPanel.Answered) -> None:
        if self._asked is not None:
            resolve(self._asked, message.answer)
        self._close_panels()

    @on(QuestionPanel.Replied)
    def _replied(self, message: QuestionPanel.Replied) -> None:
        if self._questioned is not None:
            resolve(self._questioned, message.text)
        self._close_panels()

    @on(PullPanel.Cancelled)
    def _pull_cancelled(self) -> None:
        self.bridge.stop()
        self.query_one(PullPanel).close()
        self.prompt.focus()

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
        self._leaving = True
        self._hint("Ctrl+C again leaves")

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
        self.screen.remove_class("-missing")
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
        self._show_status()

    def missing(self, error: OllamaCodeError) -> None:
        kinds: dict[type[OllamaCodeError], Missing] = {
            ServerUnreachable: "server",
            ModelMissing: "model",
            ModelUnclear: "choice",
        }
        kind = next((word for type, word in kinds.items() if isinstance(error, type)), None)
        if kind is None:
            self.say(error.sentence, "error")
            return
        self.query_one(Welcome).show_missing(kind, self.bridge.address, error.sentence)
        self.screen.add_class("-missing")

    def show(self, event: Event) -> None:
        self.screen.remove_class("-missing")
        self.transcript.show(event)
        self._pulse.hear(event)
        if isinstance(event, TodosChanged) and event.agent == "main":
            self.query_one(TodoPanel).show(event.items)
            self._place_todos(self.size.width)
        self._show_status()

    def say(self, text: str, tone: Tone = "info") -> None:
        self.screen.remove_class("-missing")
        self.transcript.say(text, tone)

    def queued(self, lines: tuple[str, ...]) -> None:
        self.prompt.queue.show(lines)

    def choose_model(self, models: tuple[ModelSummary, ...], current: str) -> None:
        rows = [_row(model, current) for model in models if _chats(model)]
        names = {row.name for row in rows}

        def chosen(name: str | None) -> None:
            if name:
                (self.bridge.use_model if name in names else self.bridge.pull)(name)
            self.prompt.focus()

        self.push_screen(ModelPicker(rows), chosen)

    def pulling(self, model: str, progress: PullProgress | None) -> None:
        panel = self.query_one(PullPanel)
        if progress is None:
            panel.close()
            self.prompt.focus()
        elif not panel.display:
            panel.begin(model)
        else:
            panel.show(progress)

    def cleared(self) -> None:
        self.transcript.clear()
        self.query_one(TodoPanel).show(())

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
        self.query_one(TodoPanel).show(opened.todos.items)
        self._place_todos(self.size.width)
        for notice in opened.notices:
            self.transcript.say(notice, "dim")

    # --- questions -----------------------------------------------------------------------------------

    def _approve(self, request: PermissionRequest, future: asyncio.Future[Answer]) -> None:
        self._asked = future
        self.query_one(ConfirmPanel).ask(request)

    def _question(self, question: Question, future: asyncio.Future[str]) -> None:
        self._questioned = future
        self.query_one(QuestionPanel).ask(question)

    def _withdraw(self) -> None:
        self._close_panels()

    def _close_panels(self) -> None:
        self._asked = self._questioned = None
        self.query_one(ConfirmPanel).close()
        self.query_one(QuestionPanel).close()
        self.prompt.focus()

    def _focus_asker(self) -> None:
        """A stray key went to the prompt; the next one belongs to the panel again."""
        for panel in (self.query_one(ConfirmPanel), self.query_one(QuestionPanel)):
            if panel.display:
                panel.focus()

    # --- the look ------------------------------------------------------------------------------------

    def _place_todos(self, width: int) -> None:
        narrow = width < WIDE_COLUMNS
        self.query_one("#talk").set_class(narrow, "-narrow")
        panel = self.query_one(TodoPanel)
        panel.set_class(narrow, "-folded")
        panel.set_class(not self._todos_wanted, "-unwanted")

    def _hint(self, text: str) -> None:
        self._pulse.change(replace(self._pulse.status, hint=text))
        self._show_status()

    def _show_status(self) -> None:
        self.query_one(StatusBar).show(self._pulse.status)

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
