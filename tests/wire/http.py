"""HTTP/1.1 as a server speaks it: whole requests in, plain or chunked answers out. It knows nothing of Ollama."""

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from http.client import responses

READ_SIZE_BYTES = 65536


@dataclass(eq=False)
class Recorded:
    """One request exactly as it came in, and whether its client hung up before the answer was complete."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case; of a repeated header the last value."""
    body: bytes
    received_at: float = field(default_factory=time.monotonic)
    gone: threading.Event = field(default_factory=threading.Event)
    gone_at: float | None = None
    """`time.monotonic()` of the moment the server noticed; set before `gone`."""

    def json(self) -> dict[str, object]:
        """The body as a JSON object. Raises: ValueError when it is something else."""
        value = json.loads(self.body)
        if not isinstance(value, dict):
            raise ValueError(f"the body of {self.method} {self.path} is not a JSON object")
        return value

    def mark_gone(self) -> None:
        """Notes that the client left; the first note counts."""
        if not self.gone.is_set():
            self.gone_at = time.monotonic()
            self.gone.set()


class Exchange:
    """The answer to one request: either `answer` once, or `open`, `send` many times, then `close` or `drop`."""

    def __init__(self, writer: asyncio.StreamWriter, *, head_only: bool) -> None:
        self._writer = writer
        self._head_only = head_only
        self.started = False
        self.reusable = True
        """Whether the connection can carry another request afterwards."""

    async def answer(self, status: int, content_type: str | None, body: bytes) -> None:
        """Sends a whole answer with its length; for HEAD only the header part."""
        self._head(status, content_type, f"Content-Length: {len(body)}")
        if not self._head_only:
            self._writer.write(body)
        await self._writer.drain()

    async def open(self, status: int, content_type: str) -> None:
        """Starts a chunked answer; the header part leaves at once, as Go flushes it with the first line."""
        self._head(status, content_type, "Transfer-Encoding: chunked")
        await self._writer.drain()

    async def send(self, data: bytes) -> None:
        """Sends one chunk."""
        self._writer.write(b"%x\r\n%b\r\n" % (len(data), data))
        await self._writer.drain()

    async def close(self) -> None:
        """Ends a chunked answer properly."""
        self._writer.write(b"0\r\n\r\n")
        await self._writer.drain()

    def drop(self) -> None:
        """Tears the connection down where it stands: a chunked answer never gets its end."""
        self.started = True
        self.reusable = False
        self._writer.close()

    def _head(self, status: int, content_type: str | None, framing: str) -> None:
        assert not self.started, "one request gets one answer"
        self.started = True
        # Ollama also answers 499, which has no phrase.
        lines = [f"HTTP/1.1 {status} {responses.get(status, 'status code')}"]
        if content_type is not None:
            lines.append(f"Content-Type: {content_type}")
        lines += [f"Date: {formatdate(usegmt=True)}", framing]
        self._writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n")


Handle = Callable[[Recorded, Exchange], Awaitable[None]]


async def serve_connection(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handle: Handle
) -> None:
    """Answers the requests of one connection in turn; when the client leaves early, its answer is cancelled."""
    incoming = _Incoming(reader)
    try:
        while (recorded := await incoming.request()) is not None:
            exchange = Exchange(writer, head_only=recorded.method == "HEAD")
            if not await _answer_or_lose(handle(recorded, exchange), incoming, recorded):
                return
            if not exchange.reusable or recorded.headers.get("connection", "").lower() == "close":
                return
    finally:
        writer.close()


async def _answer_or_lose(answer: Awaitable[None], incoming: "_Incoming", recorded: Recorded) -> bool:
    """Runs the answer while watching the other direction. Returns whether the client was still there at the end."""
    answering = asyncio.ensure_future(answer)
    watching = asyncio.ensure_future(incoming.until_gone())
    try:
        await asyncio.wait({answering, watching}, return_when=asyncio.FIRST_COMPLETED)
        if not answering.done():
            recorded.mark_gone()
            return False
        answering.result()
        return True
    except ConnectionError:
        recorded.mark_gone()
        return False
    finally:
        answering.cancel()
        watching.cancel()
        await asyncio.gather(answering, watching, return_exceptions=True)


class _Incoming:
    """The bytes of the client. It reads ahead to notice the end, and keeps what belongs to the next request."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._ahead = bytearray()

    async def until_gone(self) -> None:
        """Returns when the client has closed its side."""
        while await self._fill():
            pass

    async def request(self) -> Recorded | None:
        """The next whole request, or None when the client closed in between."""
        try:
            start = await self._line()
            if not start:
                return None
            method, target, _version = start.split(" ")
            headers: dict[str, str] = {}
            while line := await self._line():
                name, _, value = line.partition(":")
                headers[name.strip().lower()] = value.strip()
            return Recorded(method, target, headers, await self._body(headers))
        except (EOFError, ConnectionError):
            return None

    async def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return await self._exactly(int(headers.get("content-length", "0")))
        parts: list[bytes] = []
        while size_bytes := int(await self._line(), 16):
            parts.append(await self._exactly(size_bytes))
            await self._line()
        await self._line()
        return b"".join(parts)

    async def _line(self) -> str:
        while (end := self._ahead.find(b"\r\n")) < 0:
            if not await self._fill():
                raise EOFError
        line = bytes(self._ahead[:end])
        del self._ahead[: end + 2]
        return line.decode("latin-1")

    async def _exactly(self, size_bytes: int) -> bytes:
        while len(self._ahead) < size_bytes:
            if not await self._fill():
                raise EOFError
        data = bytes(self._ahead[:size_bytes])
        del self._ahead[:size_bytes]
        return data

    async def _fill(self) -> bool:
        try:
            data = await self._reader.read(READ_SIZE_BYTES)
        except ConnectionError:
            return False
        self._ahead += data
        return bool(data)
