"""One question to the person at a time, whoever asks: calls of one answer run together, and with two dialogs open a
key meant for one would answer the other."""

from __future__ import annotations

import asyncio

from ollama_code.core.permission import Answer, PermissionRequest, Question
from ollama_code.ports import Asker


class Turnstile:
    """An `Asker` in front of another one. Cancelling an await withdraws its question or its place in the line."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._free = asyncio.Lock()

    async def approve(self, request: PermissionRequest) -> Answer:
        async with self._free:
            return await self._asker.approve(request)

    async def question(self, question: Question) -> str:
        async with self._free:
            return await self._asker.question(question)
