"""The bytes between httpx and a server that speaks plain http. httpx's own way gives the loop a turn at each step,
twenty for one request, and sends the head of a request and its body apart."""

from __future__ import annotations

import asyncio
import ipaddress
import select
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import httpcore

from ollama_code.providers.clients import httpx

SocketOption = tuple[int, int, int]
_MOST_HELD_BYTES = 64 * 1024


class PlainTransport(httpx.AsyncHTTPTransport):
    """For http alone; the limits are those of httpx."""

    def __init__(self, socket_options: Iterable[SocketOption]) -> None:
        # Reading all certificates of a machine takes 20 ms, and here nobody needs one: no redirect is followed.
        super().__init__(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), trust_env=False)
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=20)
        self._pool = httpcore.AsyncConnectionPool(
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            socket_options=socket_options,
            network_backend=_Network(),
        )


class _Network(httpcore.AsyncNetworkBackend):
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # as httpcore has it, here and below
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        with _told(httpcore.ConnectTimeout, httpcore.ConnectError):
            async with asyncio.timeout(timeout):
                reader, writer = await asyncio.open_connection(host, port, happy_eyeballs_delay=_race_s(host))
        wire = writer.get_extra_info("socket")
        for option in socket_options or ():
            wire.setsockopt(*option)
        return _Stream(reader, writer)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Stream(httpcore.AsyncNetworkStream):
    """What is written leaves with the next read, or when it is much."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._held = bytearray()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        with _told(httpcore.ReadTimeout, httpcore.ReadError):
            async with asyncio.timeout(timeout):
                await self._send()
                return await self._reader.read(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        self._held += buffer
        if len(self._held) < _MOST_HELD_BYTES:
            return
        with _told(httpcore.WriteTimeout, httpcore.WriteError):
            async with asyncio.timeout(timeout):
                await self._send()

    async def aclose(self) -> None:
        self._writer.transport.abort()
        await asyncio.sleep(0)  # in which the socket is closed: the loop may end right after this

    def get_extra_info(self, info: str) -> object:
        """`is_readable`: an idle connection that has something to say has been closed by the other side."""
        wire = self._writer.get_extra_info("socket")
        if info != "is_readable":
            return wire if info == "socket" else None
        return self._reader.at_eof() or self._writer.is_closing() or _is_readable(wire.fileno())

    async def _send(self) -> None:
        if self._held:
            self._writer.write(bytes(self._held))
            self._held.clear()
            await self._writer.drain()


def _race_s(host: str) -> float | None:
    """When a second address is tried beside the first: where a name has two, one that is silent must not use up the
    time of both. An address has no second, and asyncio's race, if cancelled, leaves its socket to the collector."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return 0.25
    return None


@contextmanager
def _told(late: type[Exception], broken: type[Exception]) -> Iterator[None]:
    """As httpcore tells it. A time limit that the system reports is the end of a connection, not ours."""
    try:
        yield
    except OSError as e:
        is_late = isinstance(e, TimeoutError) and e.errno is None
        raise (late if is_late else broken)(str(e)) from e


def _is_readable(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
