"""Work that ends when its client leaves or the server stops, and a stream of events that never falls silent."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal, TypeVar

from starlette.types import Receive, Scope, Send

from ollama_code.core.errors import OllamaCodeError
from ollama_code.frontends.proxy.dialects import Dialect
from ollama_code.frontends.proxy.faults import Fault, fault_of

T = TypeVar("T")
log = logging.getLogger(__name__)

KEEPALIVE_S = 10.0
"""Clients and the programs between give a silent stream up after 15 s and more."""
GRACE_S = 0.25
"""How long the status waits for a refusal: most come at once, and clients heed a status more than an event."""

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
class Pulse:
    """What is sent while no event comes: `beat`, every `every_s`."""

    beat: bytes
    every_s: float = KEEPALIVE_S


@dataclass(frozen=True)
class EventStream:
    """An ASGI response. The first event opens the stream; it is sent with the second one or after a short while,
    and a failure before that is an answer with a status of its own. A later one is the last event."""

    events: AsyncGenerator[bytes, None]
    pulse: Pulse
    dialect: Dialect
    stopping: asyncio.Event

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        out = _Out(send, self.pulse)
        ended = await until_gone(self._send_all(out), receive, self.stopping)
        if ended == Ended("gone"):
            return
        fault = STOPPING if ended == Ended("stopping") else ended
        if not isinstance(fault, Fault):
            await out.finish(b"")
        elif out.has_begun:
            await out.finish(self.dialect.event(fault))
        else:
            await self.dialect.response(fault)(scope, receive, send)

    async def _send_all(self, out: _Out) -> Fault | None:
        """What went wrong, if anything did."""
        beating = asyncio.create_task(out.beat())
        try:
            async with aclosing(self.events) as events:
                async for event in events:
                    await out.write(event)
        except OllamaCodeError as e:
            return fault_of(e)
        except Exception:
            log.exception("an answer failed inside the program")
            return BROKEN
        finally:
            beating.cancel()
            await asyncio.wait({beating})
        return None


class _Out:
    """The way to the client, with the time of the last byte."""

    def __init__(self, send: Send, pulse: Pulse) -> None:
        self.has_begun = False
        self._send = send
        self._pulse = pulse
        self._opening = b""
        self._sending = asyncio.Lock()
        self._clock = asyncio.get_running_loop().time
        self._last_s = self._clock()

    async def write(self, data: bytes) -> None:
        if not self._opening:
            self._opening = data
            return
        async with self._sending:
            await self._put(data)

    async def beat(self) -> None:
        await asyncio.sleep(GRACE_S)
        async with self._sending:
            await self._begin()
        while True:
            left_s = self._last_s + self._pulse.every_s - self._clock()
            if left_s > 0:
                await asyncio.sleep(left_s)
            else:
                await self.write(self._pulse.beat)

    async def finish(self, last: bytes) -> None:
        await self._begin()
        await self._send({"type": "http.response.body", "body": last, "more_body": False})

    async def _begin(self) -> None:
        if not self.has_begun:
            self.has_begun = True
            await self._send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await self._put(self._opening)

    async def _put(self, data: bytes) -> None:
        await self._begin()
        self._last_s = self._clock()
        await self._send({"type": "http.response.body", "body": data, "more_body": True})
