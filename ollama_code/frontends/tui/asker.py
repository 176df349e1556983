"""Implements the Asker port with panels: opens one, waits for what it says, withdraws it when the turn stops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from ollama_code.core.permission import Answer, PermissionRequest, Question
from ollama_code.core.trust import TrustAnswer, TrustOffer

T = TypeVar("T")


class TuiAsker:
    """The app opens the panels (`on_approve`, `on_question`, `on_trust`), resolves the future with `resolve` when
    the panel answers, and closes them on `on_withdraw`. One question is open at a time; others wait."""

    def __init__(
        self,
        *,
        on_approve: Callable[[PermissionRequest, asyncio.Future[Answer]], None],
        on_question: Callable[[Question, asyncio.Future[str]], None],
        on_trust: Callable[[TrustOffer, asyncio.Future[TrustAnswer]], None],
        on_withdraw: Callable[[], None],
    ) -> None:
        self._on_approve = on_approve
        self._on_question = on_question
        self._on_trust = on_trust
        self._on_withdraw = on_withdraw
        self._turnstile = asyncio.Lock()

    async def approve(self, request: PermissionRequest) -> Answer:
        async with self._turnstile:
            future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
            self._on_approve(request, future)
            return await self._answer(future)

    async def question(self, question: Question) -> str:
        async with self._turnstile:
            future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            self._on_question(question, future)
            return await self._answer(future)

    async def trust(self, offer: TrustOffer) -> TrustAnswer:
        async with self._turnstile:
            future: asyncio.Future[TrustAnswer] = asyncio.get_running_loop().create_future()
            self._on_trust(offer, future)
            return await self._answer(future)

    async def _answer(self, future: asyncio.Future[T]) -> T:
        try:
            return await future
        except asyncio.CancelledError:
            self._on_withdraw()
            raise


def resolve(future: asyncio.Future[T], answer: T) -> None:
    """An answer that comes after the question was withdrawn is dropped."""
    if not future.done():
        future.set_result(answer)
