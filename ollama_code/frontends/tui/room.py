"""Where the conversation is shown: places the widgets around the transcript and is the face the bridge talks to.

Imported after the first paint: with it come the events, their display and all they need."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from textual import events, on

from ollama_code.bootstrap.site import home
from ollama_code.commands.registry import COMMANDS
from ollama_code.core.errors import ModelMissing, ModelUnclear, OllamaCodeError, ServerUnreachable
from ollama_code.core.events import Compacted, Event, TodosChanged
from ollama_code.core.phase import Phase
from ollama_code.core.text import one_line
from ollama_code.frontends.tui.bridge import Bridge
from ollama_code.frontends.tui.dialogs.models import model_rows
from ollama_code.frontends.tui.dialogs.picker import ModelPicker
from ollama_code.frontends.tui.dialogs.pull import PullPanel
from ollama_code.frontends.tui.ground import Column, Row
from ollama_code.frontends.tui.input.choices import Choice, CommandChoices, FileChoices, Sources
from ollama_code.frontends.tui.input.prompt import KEYS, PromptInput
from ollama_code.frontends.tui.legend import legend
from ollama_code.frontends.tui.palette import Palette
from ollama_code.frontends.tui.panels.amounts import tokens
from ollama_code.frontends.tui.panels.confirm import ConfirmPanel
from ollama_code.frontends.tui.panels.question import QuestionPanel
from ollama_code.frontends.tui.panels.settle import Clock, Typed
from ollama_code.frontends.tui.panels.status import StatusBar
from ollama_code.frontends.tui.panels.todos import WIDE_COLUMNS, TodoPanel
from ollama_code.frontends.tui.panels.trust import TrustPanel
from ollama_code.frontends.tui.panels.welcome import Missing, Welcome
from ollama_code.frontends.tui.pulse import Pulse
from ollama_code.frontends.tui.questions import Questions
from ollama_code.frontends.tui.transcript.blocks import Tone
from ollama_code.frontends.tui.transcript.warm import warm_up
from ollama_code.frontends.tui.transcript.widget import Transcript
from ollama_code.ports import ModelSummary, PullProgress
from ollama_code.settings.load import load
from ollama_code.storage.history import InputHistory

if TYPE_CHECKING:
    from ollama_code.bootstrap.assembly import Opened
    from ollama_code.bootstrap.options import Options

_KEYS = "Esc stops, Shift+Tab changes the mode, /help lists more."


def furnish(options: Options, palette: Palette, prompt: PromptInput, clock: Clock) -> Room:
    """A room that is not on the screen yet. Blocks: reads the settings and the history, loads what the first
    answer needs. Raises: UsageError for a settings file to mend."""
    load(home(), os.environ, options.flags())
    history = InputHistory(home().history)
    room = Room(options, palette, prompt, keep=history.append, clock=clock)
    prompt.equip(history.load(), room.sources)
    warm_up()
    return room


class Room(Row):
    """The widgets are held, not looked up: a query sees only the screen on top, and that may be a dialog.
    `status` goes below the prompt; the app places it."""

    DEFAULT_CSS = """
    Room { height: 1fr; }
    Room.-narrow { layout: vertical; }
    Room #main { width: 1fr; }
    Room Welcome { display: none; }
    Room TodoPanel.-unwanted { display: none; }
    Room #main.-missing Welcome { display: block; }
    Room #main.-missing Transcript { display: none; }
    """

    def __init__(
        self,
        options: Options,
        palette: Palette,
        prompt: PromptInput,
        *,
        keep: Callable[[str], None],
        clock: Clock,
    ) -> None:
        """`keep` stores what was sent."""
        self.transcript = Transcript(palette)
        self.status = StatusBar(clock=clock)
        self._questions = Questions(prompt.focus, clock)
        self._welcome, self._pulls, self._todos = Welcome(), PullPanel(clock=clock), TodoPanel()
        self._main = Column(
            self.transcript,
            self._welcome,
            self._pulls,
            *self._questions.panels,
            id="main",
        )
        super().__init__(self._main, self._todos)
        self.bridge = Bridge(options, self, self._questions.asker)
        self._prompt = prompt
        self._keep = keep
        self._is_demo = options.demo
        self._pulse = Pulse(clock)
        self._session = ""
        self._pulling = False
        self._todos_wanted = True

    @property
    def sources(self) -> Sources:
        """What the prompt completes from."""
        return Sources(CommandChoices(self._commands), FileChoices(self.bridge.search_files))

    def _commands(self) -> list[Choice]:
        every = {**COMMANDS, **self.bridge.custom}
        return [Choice(name, command.summary) for name, command in every.items()]

    def on_mount(self) -> None:
        self.run_worker(self.bridge.run(), name="bridge")

    # --- what the person does ------------------------------------------------------------------------

    def submit(self, text: str) -> None:
        self._keep(text)
        self.hint("")
        self._close_failed_pull()
        self._questions.focus()
        if not self._answered_at_once(text):
            self.bridge.submit(text)

    def steer(self, text: str) -> None:
        """Words for the turn that runs; without any, the newest line that waits becomes them."""
        if text:
            self._keep(text)
        self.hint("")
        self._questions.focus()
        words = text or self.bridge.take_back()
        if words and not self._answered_at_once(words):
            self.run_worker(self.bridge.steer(words), name="steer")

    def go_on(self) -> None:
        """Nothing was typed, only Enter: send what is held; while something is missing, see whether it is there."""
        if not self.bridge.session_open and not self.bridge.busy:
            self.hint("looking again")
        self.bridge.go_on()

    def take_back(self) -> None:
        if not self._prompt.text_expanded and (line := self.bridge.take_back()):
            self._prompt.set_draft(line)

    def stop(self) -> None:
        """Esc in the prompt goes back to an open question first."""
        self._close_failed_pull()
        if not self._questions.focus():
            self.bridge.stop()

    def emptied(self) -> None:
        """Nothing is being written any more: the keys are those of an open question again."""
        self._questions.focus()

    def toggle_todos(self) -> None:
        self._todos_wanted = not self._todos_wanted
        self._todos.set_class(not self._todos_wanted, "-unwanted")

    def resized(self, width: int) -> None:
        narrow = width < WIDE_COLUMNS
        self.set_class(narrow, "-narrow")
        self._todos.set_class(narrow, "-folded")

    def hint(self, text: str) -> None:
        """A passing word at the right of the status bar; whatever is typed next takes it away."""
        self._pulse.note(text)
        self.status.show(self._pulse.status)

    @on(Typed)
    def _typed(self, message: Typed) -> None:
        """A key that came with the question goes on in a line. After it, the question waits for its answer; a paste
        is a line of its own, and Enter behind it no answer."""
        self._prompt.receive(message.event)
        if isinstance(message.event, events.Key):
            self._questions.focus()

    def on_key(self, event: events.Key) -> None:
        """A letter that an open question has no use for begins a line, and so the next keys are the prompt's: no word
        answers by its second letter, or by the Enter that sends it."""
        if event.is_printable or event.key == "backspace":
            event.stop()
            self._prompt.receive(event)
            if not self._prompt.text_expanded:
                self._questions.focus()

    @on(ConfirmPanel.Answered)
    def _answered(self, message: ConfirmPanel.Answered) -> None:
        self._questions.answered(message)

    @on(QuestionPanel.Replied)
    def _replied(self, message: QuestionPanel.Replied) -> None:
        self._questions.replied(message)

    @on(TrustPanel.Answered)
    def _decided(self, message: TrustPanel.Answered) -> None:
        self._questions.decided(message)

    @on(Transcript.LinkClicked)
    def _link_clicked(self, message: Transcript.LinkClicked) -> None:
        self.copy(one_line(message.path, limit=2000))

    # --- what the bridge tells (Face) ----------------------------------------------------------------

    def opened(self, opened: Opened) -> None:
        session = opened.session
        self._main.remove_class("-missing")
        status = self._pulse.status
        if session.id != self._session:
            self._greet(opened)
            status = replace(status, gpu_share=1.0, speed_tok_s=None)
        status = replace(
            status,
            model=session.head.model,
            mode=session.mode,
            sandbox=opened.sandbox.level,
            used_tokens=session.tokens_used,
            num_ctx=session.window,
        )
        self._pulse.change(status)
        self.hint("")

    def opening(self, phase: Phase | None) -> None:
        self._pulse.wait(phase)
        self.status.show(self._pulse.status)

    def missing(self, error: OllamaCodeError, models: tuple[ModelSummary, ...] = ()) -> None:
        can_chat = bool(model_rows(models))
        match error:
            case ServerUnreachable():
                self._show_missing("server", error)
            case ModelMissing() | ModelUnclear():
                self._show_missing("choice" if can_chat else "model", error)
            case _:
                self.say(error.sentence, "error")
        if can_chat and not self._prompt.text_expanded:  # a dialog would take the keys of who is typing
            self.choose_model(models, "")

    def show(self, event: Event) -> None:
        self._main.remove_class("-missing")
        self._pulse.hear(event)
        match event:
            case Compacted(tokens_before=before, tokens_after=after):
                self.transcript.say(f"Compacted: {tokens(before)} tokens became {tokens(after)}.", "dim")
            case TodosChanged(items=items, agent="main"):
                self._todos.show(items)
            case _:
                self.transcript.show(event)
        self.status.show(self._pulse.status)

    def say(self, text: str, tone: Tone = "info") -> None:
        self._main.remove_class("-missing")
        self.transcript.say(text, tone)

    def help(self, commands: str) -> None:
        self.say(f"{commands}\n{legend(KEYS, self.app.BINDINGS)}")

    def queued(self, waiting: tuple[str, ...], held: tuple[str, ...], steering: tuple[str, ...]) -> None:
        self._prompt.queue.show(waiting, held, steering)

    def choose_model(self, models: tuple[ModelSummary, ...], current: str) -> None:
        rows = model_rows(models, current)
        names = {row.name for row in rows}

        def chosen(name: str | None) -> None:
            if name:
                (self.bridge.use_model if name in names else self.bridge.pull)(name)
            self._prompt.focus()

        self.app.push_screen(ModelPicker(rows), chosen)

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

    def cleared(self) -> None:
        self.transcript.clear()

    def copy(self, text: str) -> None:
        self.app.copy_to_clipboard(text)
        self.hint("copied")

    def leave(self) -> None:
        self.app.exit(0)

    def _answered_at_once(self, line: str) -> bool:
        """Whether `line` is a command that was carried out beside what runs."""
        at_once = self.bridge.answers_at_once(line)
        if at_once:
            self.run_worker(self.bridge.answer(line), name="answer")
        return at_once

    def _greet(self, opened: Opened) -> None:
        """A session that was just opened: what it goes on with, and what the person should know of it."""
        first = not self._session
        if first:
            self.transcript.recall(opened.session.history, opened.endings)
        self._session = opened.session.id
        self._todos.show(opened.todos.items)
        for notice in opened.notices:
            self.transcript.say(notice, "dim")
        if first:
            place = "" if self._is_demo else f"In {_short(opened.directory)}. "  # a demo has said it
            self.transcript.say(f"{place}{_KEYS}", "dim")

    def _show_missing(self, kind: Missing, error: OllamaCodeError) -> None:
        self.hint("")
        self._welcome.show_missing(kind, self.bridge.address, error.sentence)
        self._main.add_class("-missing")

    def _close_failed_pull(self) -> None:
        if self._pulls.display and not self._pulling:
            self._pulls.close()


def _short(directory: Path) -> str:
    """As people write it, for a screen."""
    path = one_line(str(directory))
    home_path = str(Path.home())
    return f"~{path.removeprefix(home_path)}" if f"{path}/".startswith(f"{home_path}/") else path
