"""A model that plays a script instead of thinking. Ships in the package: the demo and the tests talk to it.

Tests hand it the replies (`says`, `calls`, `fails`, `hangs`) and read the `requests` it got; the demo hands it
a `Script` that answers what it sees. It opens no connection and reads no file."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ollama_code.core.errors import ModelMissing, ProviderError
from ollama_code.core.messages import Arguments, AssistantMessage, Message, ToolCall
from ollama_code.core.text import one_line
from ollama_code.core.usage import Usage
from ollama_code.ports import (
    ChatRequest,
    Chunk,
    DraftPiece,
    LoadedModel,
    ModelInfo,
    ModelSummary,
    PullProgress,
    ReplyEnd,
    TextPiece,
    ThinkingPiece,
)
from ollama_code.providers.script import PlannedReply, Script

CHARS_PER_TOKEN = 4
"""A rule of thumb for English and code, good enough to move the meter of the window."""

_PIECE = re.compile(r"\s*\S+|\s+")


@dataclass(frozen=True)
class Hang:
    """The model says nothing more until the stream is closed."""


Reply = Sequence[Chunk | Hang | ProviderError]
"""What happens in one model call, in order. A `ProviderError` is raised where it stands. A `ToolCall` with an
empty id gets one that is new to the conversation. A `ReplyEnd` is added when the last chunk is none."""


def says(text: str, *, thinking: str = "") -> Reply:
    """An answer in pieces of about a word, as a model streams it."""
    return (*map(ThinkingPiece, _PIECE.findall(thinking)), *map(TextPiece, _PIECE.findall(text)))


def calls(*named: tuple[str, Arguments], text: str = "") -> Reply:
    """Tool calls in order, after some text: `calls(("read_file", {"absolute_path": "a.py"}))`."""
    return (*says(text), *(ToolCall(id="", name=name, arguments=arguments) for name, arguments in named))


def fails(error: ProviderError, *, after: str = "") -> Reply:
    """The call fails, maybe in the middle of an answer."""
    return (*says(after), error)


def hangs(*, after: str = "") -> Reply:
    """The model stops in the middle and waits to be cancelled. `ScriptedProvider.hanging` tells when."""
    return (*says(after), Hang())


MODEL = ModelInfo(
    name="demo-script",
    capabilities=frozenset({"completion", "tools", "thinking"}),
    context_length=16384,
    num_ctx=16384,
    family="script",
)


class ScriptedProvider:
    """`ports.ChatProvider` without a model. Each call of `chat` takes the next of `replies`.

    `requests` holds every request in order, `warmups` those that only read ahead (`num_predict` 1). `hanging`
    is set while a `hangs()` reply waits."""

    def __init__(self, replies: Iterable[Reply], *, info: ModelInfo = MODEL) -> None:
        self.requests: list[ChatRequest] = []
        self.warmups: list[ChatRequest] = []
        self.hanging = asyncio.Event()
        self._info = info
        self._tokens_per_s = 0.0
        self._author: Callable[[ChatRequest], Reply] = _InOrder(iter(replies))

    @classmethod
    def of(cls, script: Script, *, tokens_per_s: float | None = None) -> ScriptedProvider:
        """A model that answers by `script`, at its own pace unless another is given; 0 does not wait."""
        info = replace(MODEL, name=script.model, context_length=script.num_ctx, num_ctx=script.num_ctx)
        provider = cls((), info=info)
        provider._author = lambda request: _spoken(script.answer(request.messages), request)
        provider._tokens_per_s = script.tokens_per_s if tokens_per_s is None else tokens_per_s
        return provider

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        if request.num_predict == 1:  # somebody reads ahead: that takes nothing from the script
            self.warmups.append(request)
            yield ReplyEnd("length", _usage(request, 1, 0.0))
            return
        self.requests.append(request)
        started = time.monotonic()
        pieces, chunk = 0, None
        for chunk in _with_ids(self._author(request), request):
            if isinstance(chunk, ProviderError):
                raise chunk
            if isinstance(chunk, Hang):
                await self._hang()
            elif isinstance(chunk, TextPiece | ThinkingPiece | DraftPiece):
                pieces += 1
                yield chunk
                await self._pause()
            else:
                yield chunk
        if not isinstance(chunk, ReplyEnd):
            took_s = time.monotonic() - started
            yield ReplyEnd("stop", _usage(request, pieces, took_s))

    async def describe(self, model: str) -> ModelInfo:
        """Raises: ModelMissing for any name but its own."""
        if model != self._info.name:
            raise ModelMissing(
                f"There is no model {model} here: the scripted one is called {self._info.name}.",
                hint="Leave out --model, or use a real Ollama for another model.",
            )
        return self._info

    async def version(self) -> str:
        return "0.0.0"

    async def installed(self) -> tuple[ModelSummary, ...]:
        return (
            ModelSummary(
                name=self._info.name, digest="script", size_bytes=0, capabilities=self._info.capabilities
            ),
        )

    async def loaded(self) -> tuple[LoadedModel, ...]:
        """A script is always there, and whole."""
        return (LoadedModel(self._info.name, 0, 0, self._info.num_ctx or 0),)

    async def load(self, model: str, num_ctx: int, keep_alive: str) -> None:
        """Raises: ModelMissing for any name but its own."""
        await self.describe(model)

    async def rendered(self, request: ChatRequest) -> str | None:
        """A script has no template."""
        return None

    async def pull(self, model: str) -> AsyncGenerator[PullProgress, None]:
        """Raises: ModelMissing: a script installs nothing."""
        await self.describe(model)
        yield PullProgress("success")

    async def close(self) -> None:
        """Nothing is open."""

    async def _hang(self) -> None:
        self.hanging.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.hanging.clear()

    async def _pause(self) -> None:
        if self._tokens_per_s > 0:
            await asyncio.sleep(1 / self._tokens_per_s)


class _InOrder:
    """The replies of a test, each given once."""

    def __init__(self, replies: Iterator[Reply]) -> None:
        self._replies = replies
        self._given = 0

    def __call__(self, request: ChatRequest) -> Reply:
        reply = next(self._replies, None)
        if reply is None:
            last = request.messages[-1] if request.messages else None
            asked = f"{last.role}: {one_line(last.text)}" if last else "an empty conversation"
            raise ProviderError(
                f"The scripted model has no reply left after {self._given}; it was asked once more, with "
                f"{asked}. Add a reply, or find out why the turn went on."
            )
        self._given += 1
        return reply


def _spoken(reply: PlannedReply, request: ChatRequest) -> Reply:
    """A planned reply as chunks; thinking only where the request wants it."""
    thinking = reply.thinking if request.head.think else ""
    asked = tuple(ToolCall(id="", name=call.tool, arguments=call.arguments) for call in reply.calls)
    drafts = [draft for number, call in enumerate(asked, start=1) for draft in _drafted(number, call)]
    return (*says(reply.text, thinking=thinking), *drafts, *asked)


def _drafted(number: int, call: ToolCall) -> Iterator[DraftPiece]:
    """`call` as it is seen while it is written."""
    tokens = 1
    yield DraftPiece(number, call.name, tokens=tokens)
    for argument, value in call.arguments.items():
        for piece in _PIECE.findall(value if isinstance(value, str) else json.dumps(value)):
            tokens += 1
            yield DraftPiece(number, call.name, argument, piece, tokens)


def _with_ids(reply: Reply, request: ChatRequest) -> Iterator[Chunk | Hang | ProviderError]:
    number = sum(len(m.calls) for m in request.messages if isinstance(m, AssistantMessage))
    for chunk in reply:
        if isinstance(chunk, ToolCall) and not chunk.id:
            number += 1
            yield chunk.model_copy(update={"id": f"call_{number}"})
        else:
            yield chunk


def _usage(request: ChatRequest, pieces: int, took_s: float) -> Usage:
    """Estimates: a script has no tokens."""
    size = len(request.head.system) + sum(map(_size, request.messages))
    return Usage(
        prompt_tokens=size // CHARS_PER_TOKEN + 1,
        generated_tokens=max(pieces, 1),
        generate_s=took_s,
    )


def _size(message: Message) -> int:
    written = message.calls if isinstance(message, AssistantMessage) else ()
    return len(message.text) + sum(len(str(call.arguments)) for call in written)
