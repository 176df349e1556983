"""An answer on its way: it ends when its client leaves or the server stops, and never falls silent for long."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal, Self, TypeVar

from starlette.responses import Response
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


@dataclass(frozen=True)
class Ended:
    """The work was stopped before it was done."""

    why: Literal["gone", "stopping"]


async def until_gone(work: Coroutine[None, None, T], receive: Receive, stopping: asyncio.Event) -> T | Ended:
    """The result of `work`, which is cancelled, and waited for, when the client leaves or the server stops. The
    body of the request must have been read. Raises: what `work` raises."""
    leaving = asyncio.create_task(_disconnected(receive))
    closing = asyncio.create_task(stopping.wait())
    try:
        with _Cancelling(leaving, closing) as cancelling:
            return await work
    finally:
        leaving.cancel()
        closing.cancel()
    return Ended("gone" if cancelling.first is leaving else "stopping")


class _Cancelling:
    """A block that is cancelled as soon as one of the watches ends: it is left then as if it were at its end, and
    `first` is that watch. In a task of its own the work would begin and end two turns of the loop later."""

    def __init__(self, *watches: asyncio.Task[object]) -> None:
        self.first: asyncio.Task[object] | None = None
        self._watches = watches

    def __enter__(self) -> Self:
        self._task = asyncio.current_task()
        for watch in self._watches:
            watch.add_done_callback(self._cancel)
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        """What fails while it is cancelled has nobody left to be told to."""
        for watch in self._watches:
            watch.remove_done_callback(self._cancel)
        if self.first is None:
            return False
        assert self._task is not None
        is_alone = not self._task.uncancel()
        return is_alone and isinstance(error, Exception | asyncio.CancelledError)

    def _cancel(self, watch: asyncio.Task[object]) -> None:
        if self.first is None and self._task is not None:
            self.first = watch
            self._task.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@dataclass(frozen=True)
class Form:
    """How an answer is sent. While nothing comes, `beat` is sent every `every_s`. For `grace_s` the status waits: a
    failure until then is an answer with a status of its own, a later one is the last that is sent."""

    headers: tuple[tuple[bytes, bytes], ...]
    beat: bytes
    say: Callable[[Fault], bytes]
    refuse: Callable[[Fault], Response]
    every_s: float
    grace_s: float


def as_events(dialect: Dialect, beat: bytes, every_s: float) -> Form:
    headers = (
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-cache"),
        (b"x-accel-buffering", b"no"),
    )
    return Form(headers, beat, dialect.event, dialect.response, every_s, GRACE_S)


def as_object(dialect: Dialect, every_s: float) -> Form:
    """In one piece: blanks before it, which JSON allows, tell a client that somebody still works."""
    headers = ((b"content-type", b"application/json"),)
    return Form(headers, b" ", dialect.body, dialect.response, every_s, every_s)


@dataclass(frozen=True)
class Delivery:
    """An ASGI response. The first part opens a stream of events: it is sent with the second one, or when the status
    no longer waits."""

    parts: AsyncGenerator[bytes, None]
    form: Form
    stopping: asyncio.Event

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        out = _Out(send, self.form)
        ended = await until_gone(self._write_all(out), receive, self.stopping)
        if ended == Ended("gone"):
            return
        fault = STOPPING if ended == Ended("stopping") else ended
        if not isinstance(fault, Fault):
            await out.finish(b"")
        elif out.has_begun:
            await out.finish(self.form.say(fault))
        else:
            await self.form.refuse(fault)(scope, receive, send)

    async def _write_all(self, out: _Out) -> Fault | None:
        """What went wrong, if anything did."""
        sending = asyncio.create_task(out.send_all())
        try:
            fault = await self._write(out)
            out.end()
            if out.is_sending:
                await sending
        finally:
            sending.cancel()
        return fault

    async def _write(self, out: _Out) -> Fault | None:
        try:
            async with aclosing(self.parts) as parts:
                async for part in parts:
                    await out.write(part)
        except OllamaCodeError as e:
            return fault_of(e)
        except Exception:
            log.exception("an answer failed inside the program")
            return BROKEN
        return None


class _Out:
    """The way to the client. The first words go at once; later parts that come together are sent together: what is
    written is collected until the writer has to wait."""

    def __init__(self, send: Send, form: Form) -> None:
        self.has_begun = False
        self._send = send
        self._form = form
        self._pending = bytearray()
        self._opens = True
        self._ended = False
        self._sending = asyncio.Lock()
        self._woken = asyncio.Event()
        self._room = asyncio.Event()

    @property
    def is_sending(self) -> bool:
        return self._sending.locked()

    async def write(self, data: bytes) -> None:
        """Waits while the client does not read."""
        self._pending += data
        if self._opens:
            self._opens = False
            return
        if not self.has_begun:
            await self._put(more=True)
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
            wait_s = self._form.every_s if self.has_begun else self._form.grace_s
            try:
                async with asyncio.timeout(wait_s):
                    await self._woken.wait()
            except TimeoutError:
                self._pending += self._form.beat if self.has_begun else b""
            if self._ended:
                return
            if self._pending or not self.has_begun:
                await self._put(more=True)
            else:
                self._woken.clear()  # the first words have gone already: the wait begins again

    async def finish(self, last: bytes) -> None:
        self._pending += last
        await self._put(more=False)

    async def _put(self, *, more: bool) -> None:
        async with self._sending:
            data = bytes(self._pending)
            self._pending.clear()
            self._woken.clear()
            self._room.set()
            if not self.has_begun:
                self.has_begun = True
                length = () if more else ((b"content-length", str(len(data)).encode()),)
                headers = [*self._form.headers, *length]
                await self._send({"type": "http.response.start", "status": 200, "headers": headers})
            await self._send({"type": "http.response.body", "body": data, "more_body": more})
