"""One call of a model: what may be shown of its answer while it is written, and what the whole of it means."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Protocol

from ollama_code.agent.step import Draft
from ollama_code.agent.understand import Understood, understood
from ollama_code.bootstrap.serving import Backend, Model
from ollama_code.core.errors import ProviderError, ReplyBroken
from ollama_code.core.head import Head, WireTool
from ollama_code.core.messages import Message, ToolCall
from ollama_code.frontends.proxy.asked import Asked
from ollama_code.frontends.proxy.learned import Learned
from ollama_code.frontends.proxy.mixed import Unseen
from ollama_code.frontends.proxy.offered import argument_schemas
from ollama_code.ports import ChatRequest, Chunk, RawPiece, ReplyEnd, TextPiece, ThinkingPiece
from ollama_code.providers.constrain import BoundReader, bound_schema, taught
from ollama_code.providers.recover import Declared
from ollama_code.providers.recover.resolve import delivered
from ollama_code.providers.recover.turn import Refused
from ollama_code.tools.tiers.form import in_lines


@dataclass(frozen=True)
class Job:
    """One request of a client, and what it is answered with. `client` is what it calls itself, for the audit log."""

    backend: Backend
    learned: Learned
    unseen: Unseen
    model: Model
    asked: Asked
    client: str = ""

    def chat(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        """A request for a title or a verdict waits until nobody waits for an answer. Raises: ProviderError."""
        return self.backend.chat(request, behind=not (self.asked.ours or self.asked.tools))

    def request(self, history: Sequence[Message], tools: tuple[WireTool, ...]) -> ChatRequest:
        """Raises: ContextOverflow when no answer fits."""
        head = self.head(tools)
        room = self.learned.meter(head).answer_room(history)
        tokens = min(self.asked.max_tokens, room) if self.asked.max_tokens else room
        shape = bound_schema(argument_schemas(tools)) if head.described else self.asked.format
        tap = bool(head.tools) and self.learned.taps(head.model)
        return ChatRequest(head, tuple(history), tokens, self.asked.sampling, shape, tap=tap)

    def head(self, tools: tuple[WireTool, ...]) -> Head:
        """A model that cannot call is told of the tools in words, and bound to answer with a call or in words."""
        if self.model.info.tools or not tools:
            return self.asked.head(self.model, tools)
        plain = self.asked.head(self.model, ())
        lines = "\n".join(map(in_lines, tools))
        more = {"acting": "constrained", "described": tuple(argument_schemas(tools)), "think": False}
        return plain.model_copy(update={**more, "system": taught(plain.system, lines)})

    def bound(self, request: ChatRequest) -> ChatRequest:
        """The same, its answer bound to be a call."""
        schema = bound_schema(argument_schemas(self.asked.tools), must_call=True)
        return replace(request, format=schema, think=False, tap=False)


class Show(Protocol):
    """What of a piece of text may be shown now."""

    def feed(self, text: str) -> str: ...


@dataclass
class Hearing:
    """One answer while it is being written: `draft` is all of it, as it came."""

    job: Job
    request: ChatRequest
    draft: Draft = field(default_factory=Draft)

    async def pieces(self, show: Show) -> AsyncGenerator[TextPiece | ThinkingPiece, None]:
        """What may be shown at once. An answer that the server could not read ends without an error: `draft.fault`
        has it. Raises: ProviderError."""
        try:
            async with aclosing(self._chunks()) as chunks:
                async for chunk in chunks:
                    match chunk:
                        case TextPiece(text=text):
                            self.draft.text.append(text)
                            if shown := show.feed(text):
                                yield TextPiece(shown)
                        case ThinkingPiece(text=text):
                            self.draft.thinking.append(text)
                            yield chunk
                        case RawPiece(text=text):
                            self.draft.raw.append(text)
                        case ToolCall():
                            self.draft.calls.append(chunk)
                        case ReplyEnd(usage=usage):
                            self.draft.end = chunk
                            self.job.learned.count(self.request.head, self.request.messages, usage)
        except ReplyBroken as e:
            if not e.said:
                raise
            self.draft.fault = e

    def meaning(self, declared: Declared) -> Understood:
        """What the answer means. Refused are only calls that were cut, or that the model never wrote: a call of an
        unknown tool, or with wrong arguments, is for whoever runs it to refuse."""
        meaning = understood(self.draft, declared)
        refused = {
            call.id: meaning.refused[call.id]
            for call in meaning.message.calls
            if call.id in meaning.refused and not isinstance(delivered(call, declared), Refused)
        }
        return replace(meaning, refused=refused)

    async def _chunks(self) -> AsyncGenerator[Chunk, None]:
        """The answer, made once more without the raw tokens where the server refuses only those."""
        try:
            async with aclosing(self._once()) as chunks:
                async for chunk in chunks:
                    yield chunk
            return
        except ProviderError as e:
            if not self.request.tap or not self.draft.is_untouched or "logprob" not in str(e).lower():
                raise
        self.job.learned.refused_tap(self.request.head.model)
        self.request = replace(self.request, tap=False)
        async with aclosing(self._once()) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _once(self) -> AsyncGenerator[Chunk, None]:
        names = self.request.head.described
        reader = BoundReader(names)
        async with aclosing(self.job.chat(self.request)) as chunks:
            async for given in chunks:
                if not names:
                    yield given
                    continue
                for chunk in reader.hear(given):
                    yield chunk
        self.draft.bound = bool(names) and reader.is_kept


class Everything:
    """For answers that hold no calls."""

    def feed(self, text: str) -> str:
        return text


class Nothing:
    """For answers that are only wanted if they call."""

    def feed(self, text: str) -> str:
        return ""


async def heard_bound(job: Job, request: ChatRequest) -> Draft:
    """The answer to a request that is bound to call."""
    hearing = Hearing(job, job.bound(request))
    reader = BoundReader([*argument_schemas(job.asked.tools)])
    draft = hearing.draft
    async with aclosing(job.chat(hearing.request)) as chunks:
        async for given in chunks:
            for chunk in reader.hear(given):
                if isinstance(chunk, ToolCall):
                    draft.calls.append(chunk)
                elif isinstance(chunk, ReplyEnd):
                    draft.end = chunk
    draft.bound = reader.is_kept
    return draft
