"""The shapes of an answer of `/api/chat`: line by line as it comes, or one body at the end."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.wire.golang import dump_json
from tests.wire.http import Exchange
from tests.wire.request import ChatRequest

NDJSON = "application/x-ndjson"
JSON = "application/json; charset=utf-8"
STREAM_ERROR_JSON = "application/json"
"""The type of an error that comes up once the answer is to be streamed, before its first line."""
LOGPROB = -0.1


def now_text(at: float | None = None) -> str:
    """RFC 3339, now or at `at` (`time.time()`)."""
    moment = datetime.now(UTC) if at is None else datetime.fromtimestamp(at, UTC)
    return moment.isoformat().replace("+00:00", "Z")


@dataclass(frozen=True)
class Piece:
    """What one line adds. `tokens` are the raw ones, empty unless the request asks for `logprobs`."""

    content: str = ""
    thinking: str = ""
    calls: Sequence[dict[str, object]] = ()
    tokens: Sequence[str] = ()

    def message(self) -> dict[str, object]:
        """The wire's message; `content` is there even when empty."""
        message: dict[str, object] = {"role": "assistant", "content": self.content}
        if self.thinking:
            message["thinking"] = self.thinking
        if self.calls:
            message["tool_calls"] = list(self.calls)
        return message


class LineAnswer:
    """NDJSON, one chunk per line. The status is decided by whatever comes first."""

    def __init__(self, exchange: Exchange, request: ChatRequest) -> None:
        self._exchange = exchange
        self._request = request

    async def add(self, piece: Piece) -> None:
        """One line that is not the last."""
        await self._line(_body(self._request, piece, {"done": False}))

    async def done(self, piece: Piece, closing: dict[str, object]) -> None:
        """The last line and the end."""
        await self._line(_body(self._request, piece, {"done": True} | closing))
        await self._exchange.close()

    async def error(self, status: int, text: str) -> None:
        """A line of its own, or a plain answer with `status` when it comes first."""
        if not self._exchange.started:
            await self._exchange.answer(status, STREAM_ERROR_JSON, dump_json({"error": text}))
            return
        await self._line({"error": text})
        await self._exchange.close()

    async def end(self) -> None:
        """No done line: the stream is over all the same."""
        if not self._exchange.started:
            await self._exchange.open(200, NDJSON)
        await self._exchange.close()

    async def _line(self, body: dict[str, object]) -> None:
        if not self._exchange.started:
            await self._exchange.open(200, NDJSON)
        await self._exchange.send(dump_json(body) + b"\n")


@dataclass
class WholeAnswer:
    """`stream: false`: everything is gathered and sent at the end."""

    exchange: Exchange
    request: ChatRequest
    _pieces: list[Piece] = field(default_factory=list)

    async def add(self, piece: Piece) -> None:
        """Gathers."""
        self._pieces.append(piece)

    async def done(self, piece: Piece, closing: dict[str, object]) -> None:
        """The one body."""
        await self._send(piece, {"done": True} | closing)

    async def error(self, status: int, text: str) -> None:
        """What was gathered is lost; even an error in the middle has a status of its own."""
        await self.exchange.answer(status, JSON, dump_json({"error": text}))

    async def end(self) -> None:
        """Without a done line the body says so."""
        await self._send(Piece(), {"done": False})

    async def _send(self, last: Piece, closing: dict[str, object]) -> None:
        pieces = [*self._pieces, last]
        whole = Piece(
            content="".join(piece.content for piece in pieces),
            thinking="".join(piece.thinking for piece in pieces),
            # The server hands calls on only to a request that offered tools.
            calls=[call for piece in pieces for call in piece.calls] if self.request.tools else (),
            tokens=[token for piece in pieces for token in piece.tokens],
        )
        await self.exchange.answer(200, JSON, dump_json(_body(self.request, whole, closing)))


Answer = LineAnswer | WholeAnswer


def _body(request: ChatRequest, piece: Piece, closing: dict[str, object]) -> dict[str, object]:
    body: dict[str, object] = {
        "model": request.model,
        "created_at": now_text(),
        "message": piece.message(),
    } | closing
    if piece.tokens:
        body["logprobs"] = [_logprob(token, request.top_logprobs) for token in piece.tokens]
    return body


def _logprob(token: str, top_logprobs: int) -> dict[str, object]:
    entry: dict[str, object] = {"token": token, "logprob": LOGPROB, "bytes": list(token.encode())}
    return entry | {"top_logprobs": [dict(entry)]} if top_logprobs else entry
