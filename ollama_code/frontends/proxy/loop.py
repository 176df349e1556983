"""From a request to its answer: passed through for a client with tools of its own, else with the seven run here.

Stateless: the conversation comes with the request. Closing the iterator stops the model and the command."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from typing import Literal

from ollama_code.agent.meter import Meter
from ollama_code.bootstrap.serving import Backend, Model
from ollama_code.bootstrap.workbench import Workbench
from ollama_code.core.errors import ProviderError
from ollama_code.core.head import Head, WireTool
from ollama_code.core.messages import AssistantMessage, Message, ToolCall, ToolMessage, UserMessage
from ollama_code.core.usage import Usage
from ollama_code.frontends.proxy.asked import Asked
from ollama_code.ports import ChatRequest, ReplyEnd, TextPiece, ThinkingPiece

ANSWER_NOW = (
    "No more tools can be called in this turn. Answer now with what you know, and say what is left to do."
)
NO_ANSWER = "The model ended without an answer. Ask again, or ask for less at once."


@dataclass(frozen=True)
class Worked:
    """The model called our tools, and they have run: what it says next is another message."""


@dataclass(frozen=True)
class Done:
    """The last piece of every answer. `usage` is the sum over all model calls."""

    reason: Literal["stop", "length", "tool_calls"]
    usage: Usage


Piece = TextPiece | ThinkingPiece | ToolCall | Worked | Done


def answer(backend: Backend, model: Model, asked: Asked) -> AsyncGenerator[Piece, None]:
    """The pieces of the answer, `Done` last. Raises: ProviderError."""
    if backend.serving.inject_tools and asked.plain and model.info.tools:
        return _Run(backend, model, asked).pieces()
    return _relay(backend, model, asked)


async def _relay(backend: Backend, model: Model, asked: Asked) -> AsyncGenerator[Piece, None]:
    """The model's own answer. A call in it is the client's to run."""
    head = asked.head(model, asked.tools)
    history = asked.messages_for(model.info)
    request = _request(asked, head, Meter(head), history)
    calls = 0
    async with aclosing(backend.provider.chat(request)) as chunks:
        async for chunk in chunks:
            match chunk:
                case ToolCall():
                    calls += 1
                    if calls == 1 or not asked.one_call:
                        yield chunk
                case TextPiece() | ThinkingPiece():
                    yield chunk
                case ReplyEnd(reason=reason, usage=usage):
                    yield Done("tool_calls" if calls and reason == "stop" else reason, usage)


@dataclass
class _Draft:
    """One answer of the model while it is being written."""

    text: list[str] = field(default_factory=list)
    thinking: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    end: ReplyEnd = field(default_factory=lambda: ReplyEnd("stop", Usage()))

    def message(self) -> AssistantMessage:
        return AssistantMessage(
            text="".join(self.text), thinking="".join(self.thinking), calls=tuple(self.calls)
        )


class _Run:
    """One request in which our tools run."""

    def __init__(self, backend: Backend, model: Model, asked: Asked) -> None:
        self._backend = backend
        self._asked = asked
        self._tools = backend.tools
        self._head = asked.head(model, self._tools)
        self._meter = Meter(self._head)
        self._history = asked.messages_for(model.info)
        self._usage = Usage()
        self._spoke = False
        self._changed = False

    async def pieces(self) -> AsyncGenerator[Piece, None]:
        try:
            async with AsyncExitStack() as stack, aclosing(self._steps(stack)) as pieces:
                async for piece in pieces:
                    self._spoke = self._spoke or (isinstance(piece, TextPiece) and bool(piece.text.strip()))
                    yield piece
        except ProviderError as e:
            if not self._changed:
                raise
            # An error would make the client send everything again, and the tools would run twice.
            yield TextPiece(f"The work stopped before it was finished, after tools had run: {e.sentence}")
            yield Done("stop", self._usage)

    async def _steps(self, stack: AsyncExitStack) -> AsyncGenerator[Piece, None]:
        """The tools open with the first call, on `stack`."""
        bench: Workbench | None = None
        for _ in range(self._backend.serving.max_iterations):
            draft = _Draft()
            async with aclosing(self._step(draft, self._tools)) as pieces:
                async for piece in pieces:
                    yield piece
            if not draft.calls:
                break
            if bench is None:
                bench = await stack.enter_async_context(self._backend.bench())
            await self._work(bench, draft)
            yield Worked()
        else:
            self._history.append(UserMessage(text=ANSWER_NOW))
            draft = _Draft()
            async with aclosing(self._step(draft, ())) as pieces:
                async for piece in pieces:
                    yield piece
        if not self._spoke:
            yield TextPiece(NO_ANSWER)
        yield Done(draft.end.reason, self._usage)

    async def _step(self, draft: _Draft, tools: tuple[WireTool, ...]) -> AsyncGenerator[Piece, None]:
        """One model call, into `draft`; its calls are kept there, because the client cannot run them."""
        head = self._head.model_copy(update={"tools": tools})
        request = _request(self._asked, head, self._meter, self._history)
        async with aclosing(self._backend.provider.chat(request)) as chunks:
            async for chunk in chunks:
                match chunk:
                    case TextPiece(text=text):
                        draft.text.append(text)
                        yield chunk
                    case ThinkingPiece(text=text):
                        draft.thinking.append(text)
                        yield chunk
                    case ToolCall():
                        draft.calls.append(chunk)
                    case ReplyEnd(usage=usage):
                        draft.end = chunk
                        self._usage = self._usage + usage
        self._history.append(draft.message())
        self._meter.note(self._history, draft.end.usage)

    async def _work(self, bench: Workbench, draft: _Draft) -> None:
        """Run the calls in order: one may need what the one before it wrote."""
        left = len(draft.calls)
        for call in draft.calls:
            self._changed = self._changed or bench.changes(call.name)
            budget = self._meter.result_budget(self._history, left)
            text = await bench.answer(call, budget)
            self._history.append(ToolMessage(call_id=call.id, name=call.name, text=text))
            left -= 1


def _request(asked: Asked, head: Head, meter: Meter, history: list[Message]) -> ChatRequest:
    """Raises: ContextOverflow when no answer fits."""
    room = meter.answer_room(history)
    tokens = min(asked.max_tokens, room) if asked.max_tokens else room
    return ChatRequest(head, tuple(history), tokens, asked.sampling, asked.format)
