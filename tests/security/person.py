"""Somebody at the plain face: reads every question as it is printed there, and answers as the case wants."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from io import StringIO
from typing import Literal

from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import DummyInput
from prompt_toolkit.output import DummyOutput
from rich.console import Console

from ollama_code.core.permission import Allowed, Answer, PermissionRequest, Question, Refused
from ollama_code.core.trust import TrustAnswer, TrustOffer
from ollama_code.frontends.repl.asker import PlainAsker
from ollama_code.frontends.repl.paper import Paper

WIDE = 10_000
"""Columns of the paper: a line that is broken in two could not be searched for what it says."""


class Person:
    """Agrees to the first question when `agrees`, and to every one when it is `always`; a later, other question is
    refused, because nobody meant it. `prompts` are the questions as printed, `seen` everything on the paper."""

    def __init__(self) -> None:
        self.agrees: Callable[[PermissionRequest], Answer] = lambda request: Refused(feedback="no")
        self.trusts: TrustAnswer = "later"
        self.meanwhile: Callable[[], Awaitable[None]] | None = None
        """What happens in the world while the first question is open."""
        self.asked: list[PermissionRequest] = []
        self.offers: list[TrustOffer] = []
        self.prompts: list[str] = []
        self._file = StringIO()
        self.paper = Paper(
            Console(file=self._file, width=WIDE, color_system=None, force_terminal=False, markup=False)
        )
        with create_app_session(DummyInput(), DummyOutput()):  # no key of a real terminal is meant for it
            self._asker = _Printed(self.paper)

    @property
    def seen(self) -> str:
        return self._file.getvalue()

    async def approve(self, request: PermissionRequest) -> Answer:
        self.asked.append(request)
        await self._print(self._asker.approve(request))
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
        return self.agrees(request)

    async def question(self, question: Question) -> str:
        return await self._asker.question(question)

    async def trust(self, offer: TrustOffer) -> TrustAnswer:
        self.offers.append(offer)
        await self._print(self._asker.trust(offer))
        return self.trusts

    async def _print(self, asking: Awaitable[object]) -> None:
        before = len(self.seen)
        await asking
        self.prompts.append(self.seen[before:])


class _Printed(PlainAsker):
    """Prints the questions and waits for no key."""

    async def _choose(self, choices: Sequence[str], prompt: str) -> str:
        return ""

    async def _ask(self, prompt: str) -> str:
        return ""

    async def _settle(self) -> None:
        return


def refuses(request: PermissionRequest) -> Answer:
    return Refused(feedback="no")


def agrees_once() -> Callable[[PermissionRequest], Answer]:
    """Yes to the first question, no to the ones after it."""
    answers = iter([Allowed()])
    return lambda request: next(answers, Refused(feedback="that was not what I agreed to"))


def agrees_inside(request: PermissionRequest) -> Answer:
    """Yes to what stays in the workspace."""
    return Allowed() if request.reach in ("workspace", "unseen") else Refused(feedback="no")


def agrees_for(remember: Literal["session", "project"]) -> Callable[[PermissionRequest], Answer]:
    return lambda request: Allowed(remember=remember)
