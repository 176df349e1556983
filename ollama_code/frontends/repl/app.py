"""The loop of the plain face: read a line, run a command or a turn, print what happens."""

from __future__ import annotations

import asyncio
import base64
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import WordCompleter
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.patch_stdout import patch_stdout
from rich.console import Console

from ollama_code.bootstrap.assembly import Opened
from ollama_code.bootstrap.conversation import Conversation
from ollama_code.bootstrap.hosting import NO_PROXY
from ollama_code.bootstrap.options import Options
from ollama_code.bootstrap.site import home
from ollama_code.commands.base import (
    Compact,
    Copy,
    Follow,
    Help,
    NewSession,
    PickModel,
    PullModel,
    Quit,
    Reconsider,
    Say,
    Serve,
    SwitchModel,
)
from ollama_code.commands.registry import COMMANDS, help_text, is_command
from ollama_code.core.errors import OllamaCodeError, UsageError
from ollama_code.core.events import Event, Notice, TurnFinished
from ollama_code.core.text import well_formed
from ollama_code.core.version import __version__
from ollama_code.frontends.repl.asker import PlainAsker
from ollama_code.frontends.repl.history import PromptHistory
from ollama_code.frontends.repl.paper import Paper
from ollama_code.interrupts import cancelled_by_signals

EXIT_DONE, EXIT_INTERRUPTED = 0, 130


def run_repl(options: Options) -> int:
    """Talk until the person leaves. Raises: OllamaCodeError for a flag or a settings file to mend."""
    return asyncio.run(_main(options))


async def _main(options: Options) -> int:
    task = asyncio.current_task()
    assert task is not None
    repl = Repl(options)
    with cancelled_by_signals(task, but=signal.SIGINT):
        try:
            await repl.run()
            return EXIT_DONE
        except asyncio.CancelledError:
            return EXIT_INTERRUPTED
        finally:
            await repl.close()


class Repl:
    """One conversation at a terminal. Without a server or a model it stays open and tries again at each prompt."""

    def __init__(self, options: Options) -> None:
        self._paper = Paper(Console(highlight=False, markup=False, emoji=False))
        self._asker = PlainAsker(self._paper)
        self._talk = Conversation(options, self._asker, self._paper.wait)
        self._stopping = False
        self._ever_open = False
        self._input: PromptSession[str] = PromptSession(
            history=PromptHistory(home().history),
            completer=WordCompleter(self._commands, sentence=True),
            complete_while_typing=False,
            key_bindings=_keys(),
            bottom_toolbar=self._toolbar,
        )

    async def run(self) -> None:
        self._paper.line(
            f"ollama-code {__version__}  -  /help for commands, Ctrl+C stops a turn, Ctrl+D leaves", "dim"
        )
        await self._opened(self._talk.open)
        while (line := await self._read()) is not None:
            if not line.strip():
                continue
            if is_command(line):
                if await self._command(line):
                    return
            elif await self._opened(self._talk.open):
                await self._turn(self._talk.say(line))

    async def close(self) -> None:
        await self._talk.close()

    async def _opened(self, how: Callable[[], Awaitable[Opened]]) -> bool:
        """Whether there is a session now; if not, the reason has been said."""
        before = self._talk.opened
        try:
            opened = await how()
        except OllamaCodeError as e:
            if isinstance(e, UsageError) and not self._ever_open:
                raise  # a flag or a settings file: the program ends and says which
            self._paper.line(e.sentence, "red")
            if self._talk.opened is None:
                self._paper.line(
                    "The next prompt tries again. ollama-code --demo works without Ollama.", "dim"
                )
            return False
        self._ever_open = True
        if opened is not before:
            opened.session.observe(self._hear_last_words)
            for notice in opened.notices:
                self._paper.line(notice, "yellow")
        return True

    def _hear_last_words(self, event: Event) -> None:
        """What a turn says while it is being stopped reaches nobody who follows its stream."""
        if self._stopping and isinstance(event, Notice):
            self._paper.show(event)

    async def _read(self) -> str | None:
        """The next line; `None` when the person leaves (Ctrl+D, or Ctrl+C twice on an empty line)."""
        interrupted = False
        while True:
            begun = self._asker.strayed()
            try:
                with patch_stdout(raw=True):
                    return await self._input.prompt_async("> ", default=begun, handle_sigint=False)
            except EOFError:
                return None
            except KeyboardInterrupt:
                if interrupted:
                    return None
                interrupted = True
                self._paper.line("Press Ctrl+C again to leave.", "dim")

    async def _command(self, line: str) -> bool:
        """Run a slash command; true when the person leaves."""
        try:
            outcome = await self._talk.command(line)
        except OllamaCodeError as e:
            self._paper.line(e.sentence, "red")
            return False
        match outcome:
            case Say(text=text):
                self._paper.line(text)
            case Help():
                self._paper.line(help_text(self._talk.custom))
            case NewSession():
                await self._opened(self._talk.clear)
            case SwitchModel(name=name):
                if await self._opened(lambda: self._talk.switch(name)):
                    self._paper.line(f"The model is now {name}.")
            case PickModel():
                await self._list_models()
            case PullModel(name=name):
                await self._pull(name)
            case Compact():
                await self._turn(self._talk.compact())
            case Copy(text=text):
                copy_to_clipboard(text)
                self._paper.line("Copied.", "dim")
            case Follow(recipe=recipe):
                await self._turn(self._talk.follow(line, recipe))
            case Reconsider():
                self._paper.line(await self._talk.reconsider())
            case Serve():
                self._paper.line(
                    NO_PROXY
                )  # it asks while somebody types, which only the full screen can show
            case Quit():
                return True
        return False

    async def _list_models(self) -> None:
        try:
            models = await self._talk.installed()
        except OllamaCodeError as e:
            self._paper.line(e.sentence, "red")
            return
        for model in models:
            able = ", ".join(sorted(model.capabilities - {"completion"}))
            size = f"{model.size_bytes / 1e9:.1f} GB" if model.size_bytes else ""
            self._paper.line(f"  {model.name}  {size}  {able}".rstrip())
        self._paper.line("Choose one with /model NAME, install one with /pull NAME.", "dim")

    async def _pull(self, name: str) -> None:
        shown = ""
        try:
            async with aclosing(self._talk.pull(name)) as steps:
                async for step in steps:
                    share = f" {step.completed_bytes * 100 // step.total_bytes} %" if step.total_bytes else ""
                    if (line := f"{step.status}{share}") != shown:
                        shown = line
                        self._paper.line(f"  {line}", "dim")
        except OllamaCodeError as e:
            self._paper.line(e.sentence, "red")

    async def _turn(self, events: AsyncGenerator[Event, None]) -> None:
        """One turn; Ctrl+C stops it and leaves the history valid."""
        turn = asyncio.create_task(self._consume(events))
        self._stopping = False

        def stop() -> None:
            self._stopping = True
            if not turn.cancelling():  # a second Ctrl+C must not cut the cleaning up of the first
                turn.cancel()

        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, stop)
        try:
            await asyncio.wait({turn})
            if turn.cancelled():
                self._paper.show(TurnFinished(reason="cancelled"))  # the stream was closed before it came
            else:
                turn.result()
        finally:
            stop()
            await asyncio.wait({turn})
            loop.remove_signal_handler(signal.SIGINT)

    async def _consume(self, stream: AsyncGenerator[Event, None]) -> None:
        async with aclosing(stream) as events:
            async for event in events:
                self._paper.show(event)

    def _commands(self) -> list[str]:
        return [f"/{name}" for name in (*COMMANDS, *self._talk.custom)]

    def _toolbar(self) -> FormattedText:
        if self._talk.opened is None:
            return FormattedText([("", " no model ")])
        session = self._talk.opened.session
        used = f"{session.tokens_used / 1024:.1f}k/{session.window / 1024:.0f}k"
        return FormattedText([("", f" {session.head.model} - {session.mode} - ctx {used} ")])


def copy_to_clipboard(text: str) -> None:
    """OSC 52: the terminal itself keeps the text, also over SSH."""
    coded = base64.b64encode(well_formed(text).encode()).decode()
    sys.stdout.write(f"\x1b]52;c;{coded}\x07")
    sys.stdout.flush()


def _keys() -> KeyBindings:
    """Ctrl+J and Alt+Enter make a new line; Enter sends."""
    keys = KeyBindings()

    @keys.add("c-j")
    @keys.add("escape", "enter")
    def _newline(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return keys
