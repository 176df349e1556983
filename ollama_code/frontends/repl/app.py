"""The loop of the plain face: read a line, run a command or a turn, print what happens."""

from __future__ import annotations

import asyncio
import signal
from contextlib import aclosing

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import WordCompleter
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.patch_stdout import patch_stdout
from rich.console import Console

from ollama_code.bootstrap.assembly import Opened
from ollama_code.bootstrap.options import Options
from ollama_code.bootstrap.session import open_session
from ollama_code.bootstrap.site import home
from ollama_code.commands.base import Desk, NewSession, Quit, Say
from ollama_code.commands.registry import COMMANDS, is_command, run_command
from ollama_code.core.errors import ProviderError
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
        self._options = options
        self._paper = Paper(Console(highlight=False, markup=False, emoji=False))
        self._asker = PlainAsker(self._paper)
        self._opened: Opened | None = None
        self._input: PromptSession[str] = PromptSession(
            history=PromptHistory(home().history),
            completer=WordCompleter([f"/{name}" for name in ("help", *COMMANDS)], sentence=True),
            complete_while_typing=False,
            key_bindings=_keys(),
            bottom_toolbar=self._toolbar,
        )

    async def run(self) -> None:
        self._paper.line(
            f"ollama-code {__version__}  -  /help for commands, Ctrl+C stops a turn, Ctrl+D leaves", "dim"
        )
        await self._open()
        while (line := await self._read()) is not None:
            if not line.strip():
                continue
            if is_command(line):
                if await self._command(line):
                    return
            elif self._opened is not None or await self._open():
                await self._turn(line)

    async def close(self) -> None:
        if self._opened is not None:
            opened, self._opened = self._opened, None
            await opened.close()

    async def _open(self) -> bool:
        """Whether there is a session now; if not, the reason has been said."""
        try:
            self._opened = await open_session(self._options, asker=self._asker)
        except ProviderError as e:
            self._paper.line(e.sentence, "red")
            self._paper.line("The next prompt tries again. ollama-code --demo works without Ollama.", "dim")
            return False
        for notice in self._opened.notices:
            self._paper.line(notice, "yellow")
        return True

    async def _read(self) -> str | None:
        """The next line; `None` when the person leaves (Ctrl+D, or Ctrl+C twice on an empty line)."""
        interrupted = False
        while True:
            try:
                with patch_stdout(raw=True):
                    return await self._input.prompt_async("> ", handle_sigint=False)
            except EOFError:
                return None
            except KeyboardInterrupt:
                if interrupted:
                    return None
                interrupted = True
                self._paper.line("Press Ctrl+C again to leave.", "dim")

    async def _command(self, line: str) -> bool:
        """Run a slash command; true when the person leaves."""
        if self._opened is None:
            if line.strip() == "/quit":
                return True
            if not await self._open():
                return False
        assert self._opened is not None
        desk = Desk(self._opened.session, self._opened.todos, self._opened.jobs)
        match await run_command(line, desk):
            case Say(text=text):
                self._paper.line(text)
            case NewSession():
                await self.close()
                self._options = self._options.fresh()
                await self._open()
            case Quit():
                return True
        return False

    async def _turn(self, text: str) -> None:
        """One turn; Ctrl+C stops it and leaves the history valid."""
        assert self._opened is not None
        turn = asyncio.create_task(self._consume(self._opened, text))
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, turn.cancel)
        try:
            await asyncio.wait({turn})
            if not turn.cancelled():
                turn.result()
        finally:
            loop.remove_signal_handler(signal.SIGINT)
            turn.cancel()
            await asyncio.wait({turn})

    async def _consume(self, opened: Opened, text: str) -> None:
        async with aclosing(opened.session.prompt(text)) as events:
            async for event in events:
                self._paper.show(event)

    def _toolbar(self) -> FormattedText:
        if self._opened is None:
            return FormattedText([("", " no model ")])
        session = self._opened.session
        used = f"{session.tokens_used / 1000:.1f}k/{session.head.num_ctx / 1000:.0f}k"
        return FormattedText([("", f" {session.head.model} - {session.mode} - ctx {used} ")])


def _keys() -> KeyBindings:
    """Ctrl+J and Alt+Enter make a new line; Enter sends."""
    keys = KeyBindings()

    @keys.add("c-j")
    @keys.add("escape", "enter")
    def _newline(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return keys
