"""Stands at the socket from the first moment. While the rest of the program is read, /health is answered and every
other request waits."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ollama_code.frontends.proxy.delivery import STOPPING
from ollama_code.frontends.proxy.dialects import dialect_of
from ollama_code.frontends.proxy.guard import Guard, Rules

HEALTHY = {"status": "ok"}


class Door:
    """Hands everything on once it is open. Where it never opens, `stopping` is what those that wait are told."""

    def __init__(self, rules: Rules, stopping: asyncio.Event) -> None:
        self._app: ASGIApp | None = None
        self._opened = asyncio.Event()
        self._stopping = stopping
        self._early = Guard(JSONResponse(HEALTHY), rules)

    def open(self, app: ASGIApp) -> None:
        self._app = app
        self._opened.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is None and _asks_for_health(scope):
            await self._early(scope, receive, send)
            return
        if self._app is None:
            await self._until_open()
        app = self._app or dialect_of(Request(scope)).response(STOPPING)
        await app(scope, receive, send)

    async def _until_open(self) -> None:
        waits = {asyncio.create_task(self._opened.wait()), asyncio.create_task(self._stopping.wait())}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


def _asks_for_health(scope: Scope) -> bool:
    return scope["type"] == "http" and scope["path"] == "/health" and scope["method"] in ("GET", "HEAD")
