"""What the person is asked: opens the panel of each question and hands its answer to whoever waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ollama_code.core.permission import Answer, PermissionRequest, Question
from ollama_code.core.trust import TrustAnswer, TrustOffer
from ollama_code.frontends.tui.asker import TuiAsker, resolve
from ollama_code.frontends.tui.panels.asking import AskingPanel
from ollama_code.frontends.tui.panels.confirm import ConfirmPanel
from ollama_code.frontends.tui.panels.question import QuestionPanel
from ollama_code.frontends.tui.panels.settle import Clock
from ollama_code.frontends.tui.panels.trust import TrustPanel


class Questions:
    """One question is open at a time. `over` is called when none is, so that the prompt gets the keys again."""

    def __init__(self, over: Callable[[], object], clock: Clock) -> None:
        self.confirm = ConfirmPanel(clock=clock)
        self.question = QuestionPanel(clock=clock)
        self.trust = TrustPanel(clock=clock)
        self.asker = TuiAsker(
            on_approve=self._approve,
            on_question=self._question,
            on_trust=self._trust,
            on_withdraw=self._close,
        )
        self._over = over
        self._approval: tuple[PermissionRequest, asyncio.Future[Answer]] | None = None
        self._reply: tuple[Question, asyncio.Future[str]] | None = None
        self._decision: tuple[TrustOffer, asyncio.Future[TrustAnswer]] | None = None

    @property
    def panels(self) -> tuple[AskingPanel, ...]:
        return self.confirm, self.question, self.trust

    def answered(self, message: ConfirmPanel.Answered) -> None:
        """An answer to a question that was withdrawn meanwhile does not count for the next one."""
        if self._approval is not None and self._approval[0] is message.request:
            resolve(self._approval[1], message.answer)
            self._close()

    def replied(self, message: QuestionPanel.Replied) -> None:
        if self._reply is not None and self._reply[0] is message.question:
            resolve(self._reply[1], message.text)
            self._close()

    def decided(self, message: TrustPanel.Answered) -> None:
        if self._decision is not None and self._decision[0] is message.offer:
            resolve(self._decision[1], message.answer)
            self._close()

    def focus(self) -> bool:
        """The next key belongs to the open panel; whether there is one."""
        for panel in self.panels:
            if panel.display:
                panel.focus()
                return True
        return False

    def _approve(self, request: PermissionRequest, future: asyncio.Future[Answer]) -> None:
        self._approval = request, future
        self.confirm.ask(request)

    def _question(self, question: Question, future: asyncio.Future[str]) -> None:
        self._reply = question, future
        self.question.ask(question)

    def _trust(self, offer: TrustOffer, future: asyncio.Future[TrustAnswer]) -> None:
        self._decision = offer, future
        self.trust.ask(offer)

    def _close(self) -> None:
        self._approval = self._reply = self._decision = None
        for panel in self.panels:
            panel.close()
        self._over()
