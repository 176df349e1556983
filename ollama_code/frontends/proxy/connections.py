"""What one connection may take: uvicorn waits for ever for the head of a request, and reads one of any size."""

from __future__ import annotations

import asyncio
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_DEADLINE_S = 10.0
HEAD_LIMIT_BYTES = 64 * 1024
LINGER_S = 5.0
"""How long the rest of a body that was refused is thrown away. Most clients read no answer before they have sent all
of it, and take a connection that closes meanwhile for one that broke: they send it all again."""
MOST_CONNECTIONS = 512
"""More are closed at once: each costs a descriptor."""


class InOnePiece:
    """A transport that sends the head of an answer with what follows it: two packets wake the client twice. What does
    not follow at once is not waited for."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""

    def __getattr__(self, name: str) -> object:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if data.startswith(b"HTTP/1.1 2") and data.endswith(b"\r\n\r\n"):
            self._head = data
            asyncio.get_running_loop().call_soon(self._flush)
        else:
            head, self._head = self._head, b""
            self._transport.write(head + data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._head:
            self.write(b"")


class Connection(HttpToolsProtocol):
    """uvicorn's protocol, with limits for the head of a request; the body has its own."""

    _deadline: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _in_body = False
    _linger: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(cast(asyncio.Transport, InOnePiece(transport)))
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
        else:
            self._await_head()

    def data_received(self, data: bytes) -> None:
        if (
            self._deadline is None
            and not self._in_body
            and (self.cycle is None or self.cycle.response_complete)
        ):
            self._await_head()
        self._head_bytes += len(data)
        super().data_received(data)
        if self._deadline is not None and self._head_bytes > HEAD_LIMIT_BYTES:
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._has_head()
        self._in_body = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self._linger is None and self.cycle.response_complete:
            self._linger = asyncio.get_running_loop().call_later(LINGER_S, self.transport.close)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._has_body()
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._has_head()
        self._has_body()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._head_bytes = 0
        self._deadline = asyncio.get_running_loop().call_later(HEAD_DEADLINE_S, self.transport.close)

    def _has_head(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _has_body(self) -> None:
        self._in_body = False
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None
