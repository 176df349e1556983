"""Where the numbers of `metrics` come from: looks on at the requests, the answers of models and the runs of tools,
and changes nothing. Without `--metrics` none of it is in the way."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ollama_code.bootstrap.watch import Chat, Watch
from ollama_code.core.audit import Decided, Ran
from ollama_code.core.errors import ProviderError
from ollama_code.core.messages import ToolCall
from ollama_code.frontends.proxy.metrics import Metrics
from ollama_code.ports import ChatRequest, Chunk, RawPiece, ReplyEnd, TextPiece, ThinkingPiece

_OTHER = "other"
_MODELS = "/v1/models/"
_GONE = 499
"""The client left before there was a status."""


def watch_for(metrics: Metrics) -> Watch:
    def record(entry: Decided | Ran) -> None:
        if isinstance(entry, Ran):
            metrics.ran(entry.tool, entry.outcome)

    return Watch(lambda chat: _WatchedChat(chat, metrics), record)


@dataclass(frozen=True)
class _WatchedChat:
    chat: Chat
    metrics: Metrics

    async def __call__(self, request: ChatRequest, *, behind: bool = False) -> AsyncGenerator[Chunk, None]:
        begun: float | None = time.monotonic()
        try:
            async with aclosing(self.chat(request, behind=behind)) as chunks:
                async for chunk in chunks:
                    if begun is not None and isinstance(
                        chunk, TextPiece | ThinkingPiece | RawPiece | ToolCall
                    ):
                        self.metrics.waited(time.monotonic() - begun)
                        begun = None
                    elif isinstance(chunk, ReplyEnd):
                        self.metrics.used(chunk.usage)
                    yield chunk
        except ProviderError as e:
            self.metrics.failed(e)
            raise


class Counted:
    """ASGI middleware around everything, the guard too. Paths that are not ours are counted together: whoever asks
    for a thousand of them must not make a thousand lines."""

    def __init__(self, app: ASGIApp, metrics: Metrics, paths: Collection[str]) -> None:
        self._app = app
        self._metrics = metrics
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = _GONE

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            if scope["type"] == "http":
                self._metrics.request(self._path(scope["path"]), status)

    def _path(self, asked: str) -> str:
        path = asked.replace("/v1/v1/", "/v1/", 1)
        if path in self._paths:
            return path
        return f"{_MODELS}{{name}}" if path.startswith(_MODELS) else _OTHER
