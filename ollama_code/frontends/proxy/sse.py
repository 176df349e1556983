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
_MOST_PENDING_BYTES = 64 * 1024

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
        ended = await until_gone(self._write_all(out), receive, self.stopping)
        if ended == Ended("gone"):
            return
        fault = STOPPING if ended == Ended("stopping") else ended
        if not isinstance(fault, Fault):
            await out.finish(b"")
        elif out.has_begun:
            await out.finish(self.dialect.event(fault))
        else:
            await self.dialect.response(fault)(scope, receive, send)

    async def _write_all(self, out: _Out) -> Fault | None:
        """What went wrong, if anything did."""
        sending = asyncio.create_task(out.send_all())
        try:
            fault = await self._write(out)
            out.end()
            await sending
        finally:
            sending.cancel()
            await asyncio.wait({sending})
        return fault

    async def _write(self, out: _Out) -> Fault | None:
        try:
            async with aclosing(self.events) as events:
                async for event in events:
                    await out.write(event)
        except OllamaCodeError as e:
            return fault_of(e)
        except Exception:
            log.exception("an answer failed inside the program")
            return BROKEN
        return None


class _Out:
    """The way to the client. Events that come at once are sent at once: what is written is collected until the writer
    has to wait."""

    def __init__(self, send: Send, pulse: Pulse) -> None:
        self.has_begun = False
        self._send = send
        self._pulse = pulse
        self._pending = bytearray()
        self._opens = True
        self._ended = False
        self._woken = asyncio.Event()
        self._room = asyncio.Event()

    async def write(self, data: bytes) -> None:
        """Waits while the client does not read."""
        self._pending += data
        if self._opens:
            self._opens = False
            return
        self._woken.set()
        if len(self._pending) > _MOST_PENDING_BYTES:
            self._room.clear()
            await self._room.wait()

    def end(self) -> None:
        """Nothing more is written: what is pending goes with `finish`."""
        self._ended = True
        self._woken.set()

    async def send_all(self) -> None:
        """Until the end."""
        while not self._ended:
            wait_s = self._pulse.every_s if self.has_begun else GRACE_S
            try:
                async with asyncio.timeout(wait_s):
                    await self._woken.wait()
            except TimeoutError:
                self._pending += self._pulse.beat if self.has_begun else b""
            if not self._ended:
                await self._put(more=True)

    async def finish(self, last: bytes) -> None:
        self._pending += last
        await self._put(more=False)

    async def _put(self, *, more: bool) -> None:
        data = bytes(self._pending)
        self._pending.clear()
        self._woken.clear()
        self._room.set()
        if not self.has_begun:
            self.has_begun = True
            await self._send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await self._send({"type": "http.response.body", "body": data, "more_body": more})
