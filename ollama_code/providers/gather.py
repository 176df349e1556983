"""A transport that reads the bytes of a long answer together, and sends a question in one piece. httpx's own wakes
the program for every token, which is most of the work of a screen that is drawn a few times a second, and wakes the
server twice for every question."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager

import httpcore

from ollama_code.providers.clients import httpx

SHARE = 0.04
"""Of the time since the question was sent, that what has come in may wait: a short answer does not wait at all."""
_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=5.0)
"""Those of httpx."""


class GatheringTransport(httpx.AsyncBaseTransport):
    """What comes in waits for `most_s` at most, and less at the beginning of an answer."""

    def __init__(
        self, most_s: float, context: ssl.SSLContext, socket_options: Iterable[tuple[int, int, int]]
    ) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=_LIMITS.max_connections,
            max_keepalive_connections=_LIMITS.max_keepalive_connections,
            keepalive_expiry=_LIMITS.keepalive_expiry,
            socket_options=socket_options,
            network_backend=_Network(most_s),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        address = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        asked = httpcore.Request(
            request.method,
            address,
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _as_httpx():
            answer = await self._pool.handle_async_request(asked)
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx():
            async for part in self._answer.aiter_stream():
                yield part

    async def aclose(self) -> None:
        await self._answer.aclose()


@contextmanager
def _as_httpx() -> Iterator[None]:
    """Both give their exceptions the same names."""
    try:
        yield
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as e:
        told: type[Exception] = getattr(httpx, type(e).__name__)
        raise told(str(e)) from e


class _Network(httpcore.AnyIOBackend):
    def __init__(self, most_s: float) -> None:
        self._most_s = most_s

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # as httpcore has it, here and below
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        wire = await super().connect_tcp(host, port, timeout, local_address, socket_options)
        return _Stream(wire, self._most_s)


class _Stream(httpcore.AsyncNetworkStream):
    def __init__(self, wire: httpcore.AsyncNetworkStream, most_s: float) -> None:
        self._wire = wire
        self._most_s = most_s
        self._asked = time.monotonic()
        self._is_drained = True
        self._head = b""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        """`timeout` is for the bytes that are still to come."""
        if self._head:
            await self._send(b"", timeout)
        if self._is_drained and self._most_s:
            await asyncio.sleep(min(self._most_s, SHARE * (time.monotonic() - self._asked)))
        data = await self._wire.read(max_bytes, timeout)
        self._is_drained = len(data) < max_bytes
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """The head of a question goes with what follows it: httpcore writes once more at its end, be it nothing."""
        self._asked = time.monotonic()
        if buffer.startswith(b"POST ") and buffer.endswith(b"\r\n\r\n"):
            self._head = buffer
        else:
            await self._send(buffer, timeout)

    async def _send(self, buffer: bytes, timeout: float | None) -> None:  # noqa: ASYNC109
        head, self._head = self._head, b""
        await self._wire.write(head + buffer, timeout)

    async def aclose(self) -> None:
        await self._wire.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        return _Stream(await self._wire.start_tls(ssl_context, server_hostname, timeout), self._most_s)

    def get_extra_info(self, info: str) -> object:
        return self._wire.get_extra_info(info)
