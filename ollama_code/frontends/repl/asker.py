"""Asks the person at the prompt: approvals with the whole diff or command, and the model's questions."""

from __future__ import annotations

import asyncio
import select
import termios
from collections.abc import Iterable, Sequence
from contextlib import suppress
from textwrap import indent

from prompt_toolkit import PromptSession
from prompt_toolkit.input.typeahead import get_typeahead
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys
from prompt_toolkit.patch_stdout import patch_stdout

from ollama_code.core.permission import Allowed, Answer, PermissionRequest, Question, Reach, Refused
from ollama_code.core.text import one_line, spelled, well_formed
from ollama_code.core.trust import TrustAnswer, TrustOffer
from ollama_code.frontends.repl.paper import Paper

SETTLE_S = 0.5
"""Keys typed before a question has been on the screen this long answer nothing."""
_WHY_CHARS = 600
_REACH: dict[Reach, str] = {
    "workspace": "",
    "unseen": "The model never read what this replaces.",
    "outside": "This reaches outside the workspace.",
    "protected": "This path is protected: it asks in every mode.",
}


class PlainAsker:
    """Implements the ports that ask. Ctrl+C or Ctrl+D at a question is a plain no, which ends the turn."""

    def __init__(self, paper: Paper) -> None:
        self._paper = paper
        self._lines: PromptSession[str] = PromptSession()
        self._strayed: list[KeyPress] = []
        """Typed before a question could be answered: of whoever was writing their next line."""

    def strayed(self) -> str:
        """What was typed into questions and answered none, taken from here: the beginning of the next line."""
        keys, self._strayed = self._strayed, []
        return _written(keys).strip("\n")

    async def approve(self, request: PermissionRequest) -> Answer:
        paper = self._paper
        paper.line(f"? {spelled(request.title)}", "bold yellow")
        if warning := _REACH[request.reach]:
            paper.line(warning, "bold red")
        if request.why:
            paper.line(f"It asks because {one_line(request.why, limit=_WHY_CHARS)}.", "bold red")
        paper.block(request.preview)
        paper.line(f"  1 yes, once   2 yes, for this session: {', '.join(map(spelled, request.scopes))}")
        if request.keepable:
            paper.line("  3 yes, always in this folder: the same")
        paper.line("  4 no, stop    5 no, and tell the model why")
        match await self._choose(("1", "2", *("3" * request.keepable), "4", "5", "y", "n"), "1-5> "):
            case "1" | "y":
                return Allowed()
            case "2":
                return Allowed(remember="session")
            case "3":
                return Allowed(remember="project")
            case "5":
                return Refused(feedback=await self._ask("why> "))
            case _:
                return Refused()

    async def question(self, question: Question) -> str:
        self._paper.line(f"? {spelled(question.text)}", "bold yellow")
        for number, option in enumerate(question.options, start=1):
            self._paper.line(f"  {number} {spelled(option)}")
        await self._settle()
        answer = await self._ask("answer> ")
        if answer.isdigit() and 1 <= int(answer) <= len(question.options):
            return question.options[int(answer) - 1]
        return answer

    async def trust(self, offer: TrustOffer) -> TrustAnswer:
        self._paper.line(f"? {offer.title}", "bold yellow")
        self._paper.line(f"  {one_line(offer.directory, limit=2000)}", "dim")
        for holding in offer.holdings:
            changed = "  new or changed" if holding.id in offer.changed else ""
            self._paper.line(f"  {holding.title}{changed}", "bold")
            for line in holding.does:
                self._paper.line(indent(spelled(line), "    "))
        for warning in filter(None, (*offer.troubles, offer.warning)):
            self._paper.line(f"  {warning}", "yellow")
        for number, (_, text) in enumerate(offer.answers, start=1):
            self._paper.line(f"  {number} {text}")
        numbers = {str(number): answer for number, (answer, _) in enumerate(offer.answers, start=1)}
        return numbers.get(await self._choose(tuple(numbers), f"1-{len(numbers)}> "), "later")

    async def _choose(self, choices: Sequence[str], prompt: str) -> str:
        """One of `choices`; empty when the person wants to stop."""
        await self._settle()
        while True:
            try:
                answer = (await self._read(prompt)).strip()
            except (KeyboardInterrupt, EOFError):
                return ""
            if answer in choices:
                return answer
            self._paper.line(f"That is no answer: {', '.join(choices)} are.", "yellow")

    async def _ask(self, prompt: str) -> str:
        try:
            return (await self._read(prompt)).strip()
        except (KeyboardInterrupt, EOFError):
            return ""

    async def _read(self, prompt: str) -> str:
        with patch_stdout(raw=True):
            return await self._lines.prompt_async(prompt, handle_sigint=False)

    async def _settle(self) -> None:
        await asyncio.sleep(SETTLE_S)
        terminal = self._lines.input
        self._strayed += get_typeahead(terminal)
        # Raw, because half a line cannot be read from a terminal that waits for the whole of it.
        with suppress(termios.error, ValueError, OSError), terminal.raw_mode():
            while not terminal.closed and select.select([terminal.fileno()], [], [], 0)[0]:
                self._strayed += terminal.read_keys()
            self._strayed += terminal.flush_keys()


def _written(keys: Iterable[KeyPress]) -> str:
    text = ""
    for press in keys:
        match press.key:
            case Keys.BracketedPaste:
                text += press.data
            case Keys.ControlM | Keys.ControlJ:
                text += "\n"
            case Keys.ControlH:
                text = text[:-1]
            case key if len(key) == 1 and key.isprintable():
                text += key
    return well_formed(text)
