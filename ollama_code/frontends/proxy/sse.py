"""Work that ends when its client leaves or the server stops, and a stream of events that never falls silent."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal, TypeVar

from starlette.types import Receive, Scope, Send

from ollama_code.core.errors import OllamaCodeError
from ollama_code.frontends.proxy.faults import Fault, fault_of

T = TypeVar("T")
log = logging.getLogger(__name__)

KEEPALIVE_S = 10.0
"""Clients and the programs between give a silent stream up after 15 s and more."""

STOPPING = Fault(503, "server_error", "The proxy was stopped while it answered.", retry=True)
BROKEN = Fault(500, "api_error", "The proxy failed inside; its log says where.")

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]


@dataclass(frozen=True)
class Ended:
    """The work was stopped before it was done."""

    why: Literal["gone", "stopping"]


async def until_gone(work: Coroutine[None, None, T], receive: Receive, stopping: asyncio.Event) -> T | Ended:
    """The result of `work`, which is cancelled, and waited for, when the client leaves or the server stops. The
    body of the request must have been read. Raises: what `work` raises."""
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(_disconnected(receive))
    closing = asyncio.create_task(stopping.wait())
    tasks = {working, leaving, closing}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        return Ended("gone" if leaving.done() else "stopping")
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        if not working.cancelled():
            working.exception()  # seen here, when nobody is left to raise it to


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@dataclass(frozen=True)
class EventStream:
    """An ASGI response. While no event comes, `keepalive` is sent every `keepalive_s`; an error becomes the last
    event, as `say_error` writes it."""

    events: AsyncGenerator[bytes, None]
    keepalive: bytes
    say_error: Callable[[Fault], bytes]
    stopping: asyncio.Event
    keepalive_s: float = KEEPALIVE_S

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        ended = await until_gone(self._send_all(send), receive, self.stopping)
        if ended == Ended("gone"):
            return
        last = self.say_error(STOPPING) if ended == Ended("stopping") else b""
        await send({"type": "http.response.body", "body": last, "more_body": False})

    async def _send_all(self, send: Send) -> None:
        out = _Out(send, self.keepalive, self.keepalive_s)
        beating = asyncio.create_task(out.beat())
        try:
            async with aclosing(self.events) as events:
                async for event in events:
                    await out.write(event)
        except OllamaCodeError as e:
            await out.write(self.say_error(fault_of(e)))
        except Exception:
            log.exception("an answer failed inside the program")
            await out.write(self.say_error(BROKEN))
        finally:
            beating.cancel()
            await asyncio.wait({beating})


class _Out:
    """The way to the client, with the time of the last byte."""

    def __init__(self, send: Send, keepalive: bytes, keepalive_s: float) -> None:
        self._send = send
        self._keepalive = keepalive
        self._keepalive_s = keepalive_s
        self._clock = asyncio.get_running_loop().time
        self._last_s = self._clock()

    async def write(self, data: bytes) -> None:
        self._last_s = self._clock()
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def beat(self) -> None:
        while True:
            left_s = self._last_s + self._keepalive_s - self._clock()
            if left_s > 0:
                await asyncio.sleep(left_s)
            else:
                await self.write(self._keepalive)
