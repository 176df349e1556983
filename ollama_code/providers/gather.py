"""A transport for one server: HTTP/1.1 by h11 on asyncio's own streams. A question leaves in one piece, and what came
in together is read together. httpx's own wakes the server twice and the program for every token, and takes 0.4 ms
more for what nobody here needs: a pool with locks, other event loops, other versions of HTTP."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field

import h11

from ollama_code.providers.clients import httpx
from ollama_code.providers.host import is_loopback

SHARE = 0.04
"""Of the time since the question was sent, that what has come in may wait: a short answer does not wait at all."""
_READ_BYTES = 64 * 1024
_HEAD_LIMIT_BYTES = 100 * 1024
_EYEBALLS_S = 0.25
"""After which the next address of a name is tried beside the first, as browsers do. On this machine each answers at
once."""
_KEPT_S = 5.0
"""How long a connection without a question stays: as in httpx, and less than any server waits."""
_MOST_KEPT = 20


@dataclass(frozen=True)
class Road:
    """How the server is reached. What comes in waits for `gather_s` at most, and less at the beginning of an
    answer."""

    context: ssl.SSLContext
    socket_options: Iterable[tuple[int, int, int]] = ()
    gather_s: float = 0.0


class GatheringTransport(httpx.AsyncBaseTransport):
    """Of the limits of a request only the one for connecting counts, of its extensions the trace of the moment when
    it has left. Who cancels, or leaves an answer before its end, closes its connection."""

    def __init__(self, road: Road) -> None:
        self._road = road
        self._kept: list[_Wire] = []
        self._is_closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises: httpx.ConnectError, ConnectTimeout, and what `_Wire` raises."""
        wire = self._kept_one() or await self._new(request)
        try:
            await wire.send(request)
            head = await wire.head()
        except BaseException:
            wire.abort()
            raise
        return httpx.Response(
            head.status_code,
            headers=head.headers.raw_items(),
            stream=_Body(wire, self._keep),
            extensions={"network_stream": wire.writer},
        )

    async def aclose(self) -> None:
        self._is_closed = True
        while self._kept:
            self._kept.pop().abort()
        await asyncio.sleep(0)

    def _keep(self, wire: _Wire) -> None:
        """For the next question, if its answer was read to the end."""
        if not self._is_closed and len(self._kept) < _MOST_KEPT and wire.again():
            self._kept.append(wire)
        else:
            wire.abort()

    def _kept_one(self) -> _Wire | None:
        """The one that was used last, if it can still be used; the others are older."""
        while self._kept:
            wire = self._kept.pop()
            if wire.is_fresh:
                return wire
            wire.abort()
        return None

    async def _new(self, request: httpx.Request) -> _Wire:
        is_plain = request.url.scheme == "http"
        try:
            async with asyncio.timeout(request.extensions.get("timeout", {}).get("connect")):
                reader, writer = await asyncio.open_connection(
                    request.url.raw_host.decode("ascii"),
                    request.url.port or (80 if is_plain else 443),
                    ssl=None if is_plain else self._road.context,
                    happy_eyeballs_delay=None if is_loopback(str(request.url)) else _EYEBALLS_S,
                )
        except TimeoutError as e:
            raise httpx.ConnectTimeout(str(e)) from e
        except (socket.gaierror, ssl.SSLError, UnicodeError) as e:
            raise httpx.ConnectError(str(e)) from e
        except OSError as e:
            raise httpx.ConnectError("All connection attempts failed") from e
        for option in self._road.socket_options:
            writer.get_extra_info("socket").setsockopt(*option)
        return _Wire(reader, writer, self._road.gather_s)


@dataclass(eq=False)
class _Wire:
    """One connection, with one question at a time. Raises: httpx.WriteError, ReadError, LocalProtocolError for a
    question that is no HTTP, RemoteProtocolError for an answer that is none or breaks off."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    gather_s: float
    _http: h11.Connection = field(init=False)
    _asked: float = 0.0
    _used: float = 0.0
    _is_drained: bool = True

    def __post_init__(self) -> None:
        self._http = h11.Connection(h11.CLIENT, _HEAD_LIMIT_BYTES)

    async def send(self, request: httpx.Request) -> None:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        body = b"".join([part async for part in request.stream])
        url, headers = request.url, request.headers.raw
        try:
            head = self._http.send(h11.Request(method=request.method, target=url.raw_path, headers=headers))
            rest = self._http.send(h11.Data(body)), self._http.send(h11.EndOfMessage())
            self.writer.write(b"".join((head, *rest)))
            await self.writer.drain()
        except h11.LocalProtocolError as e:
            raise httpx.LocalProtocolError(str(e)) from e
        except OSError as e:
            raise httpx.WriteError(str(e)) from e
        self._asked = time.monotonic()
        if trace := request.extensions.get("trace"):
            await trace("http11.send_request_body.complete", {})

    async def head(self) -> h11.Response:
        while not isinstance(event := self._event(), h11.Response):
            if event is h11.NEED_DATA:
                await self._read()
        return event

    async def body(self) -> AsyncIterator[bytes]:
        """What came in together, as one piece."""
        while not self.is_whole:
            parts = list[bytes]()
            while isinstance(event := self._event(), h11.Data):
                parts.append(bytes(event.data))
            if parts:
                yield b"".join(parts)
            if event is h11.NEED_DATA:
                await self._read()

    @property
    def is_whole(self) -> bool:
        return self._http.their_state is not h11.SEND_BODY

    @property
    def is_fresh(self) -> bool:
        is_open = not (self.reader.at_eof() or self.writer.is_closing())
        return is_open and time.monotonic() - self._used < _KEPT_S

    def again(self) -> bool:
        """Whether the next question may be sent, after this answer."""
        if self._http.states != {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE} or self._http.trailing_data[0]:
            return False
        self._http.start_next_cycle()
        self._used = time.monotonic()
        return True

    def abort(self) -> None:
        self.writer.transport.abort()

    def _event(self) -> object:
        try:
            return self._http.next_event()
        except h11.RemoteProtocolError as e:
            raise httpx.RemoteProtocolError(str(e)) from e

    async def _read(self) -> None:
        if self._is_drained and self.gather_s:
            await asyncio.sleep(min(self.gather_s, SHARE * (time.monotonic() - self._asked)))
        try:
            data = await self.reader.read(_READ_BYTES)
        except OSError as e:
            raise httpx.ReadError(str(e)) from e
        if not data and self._http.their_state is h11.SEND_RESPONSE:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        self._is_drained = len(data) < _READ_BYTES
        self._http.receive_data(data)


@dataclass(frozen=True)
class _Body(httpx.AsyncByteStream):
    wire: _Wire
    done: Callable[[_Wire], None]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self.wire.body():
            yield part

    async def aclose(self) -> None:
        """A socket that is given up is closed at the next turn of the loop: then it is when this returns."""
        self.done(self.wire)
        if not self.wire.is_fresh:
            await asyncio.sleep(0)
