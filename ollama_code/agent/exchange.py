"""How a request is made and its answer heard: with the raw tap where calls may be in it, or bound by a schema."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import JsonValue

from ollama_code.agent.runtime import Runtime
from ollama_code.core.head import Think
from ollama_code.core.messages import Message
from ollama_code.core.permission import Kind
from ollama_code.ports import ChatRequest, Chunk
from ollama_code.providers.constrain import BoundReader, bound_schema
from ollama_code.providers.recover import Declared, DeclaredTool
from ollama_code.providers.recover.drafts import DraftReader
from ollama_code.tools.arguments import signature
from ollama_code.tools.toolset import Toolset


@dataclass(frozen=True)
class Manner:
    """How a step asks. `bound` are the names of the tools that the answer may call, all of it being bound by their
    schema; empty leaves only an answer in words, and `None` binds nothing."""

    think: Think | None = None
    side: bool = False
    """The request extends the conversation once and is never extended itself: a summary, a side question."""
    bound: tuple[str, ...] | None = None


class Ear(Protocol):
    """Says what each chunk of one answer means."""

    def hear(self, chunk: Chunk) -> Iterator[Chunk]: ...

    @property
    def is_kept(self) -> bool:
        """Whether the answer is what a schema allows."""


class _Plain:
    is_kept = False

    def hear(self, chunk: Chunk) -> Iterator[Chunk]:
        yield chunk


class _Tapped(_Plain):
    def __init__(self, tools: Declared) -> None:
        self._drafts = DraftReader(tools)

    def hear(self, chunk: Chunk) -> Iterator[Chunk]:
        yield from self._drafts.hear(chunk)


@dataclass(frozen=True)
class Exchange:
    """A request, and the ear for its answer."""

    request: ChatRequest
    ear: Ear


def exchange(rt: Runtime, messages: Sequence[Message], num_predict: int, manner: Manner) -> Exchange:
    """The raw tokens are asked for where tools are offered and something comes of a call: not in a side request, and
    not of a server that refuses them or for which they cost too much."""
    if manner.bound is not None:
        shape: JsonValue = bound_schema(_arguments(rt.tooling.toolset, manner.bound))
        request = ChatRequest(rt.head, tuple(messages), num_predict, think=manner.think, format=shape)
        return Exchange(request, BoundReader(manner.bound))
    taps = bool(rt.head.tools) and not manner.side and rt.known.profile.taps is not False
    request = ChatRequest(rt.head, tuple(messages), num_predict, think=manner.think, tap=taps)
    return Exchange(request, _Tapped(declared(rt.tooling.toolset)) if taps else _Plain())


def declared(toolset: Toolset) -> Declared:
    """Every enabled tool, offered in the head or not, as the ladder needs it."""
    tools = (toolset.find(name) for name in toolset.names)
    return Declared(
        (DeclaredTool(signature(one.tool, {}), one.tool.kind is Kind.READ) for one in tools if one),
        ((alias.name, alias.tool, alias.defaults) for alias in toolset.aliases),
    )


def offered(rt: Runtime) -> tuple[str, ...]:
    """The tools that the model has before it and may use: what a schema lets it call."""
    enabled = rt.tooling.toolset
    return tuple(name for name in rt.head.tool_names if name in enabled.names) or enabled.names


def _arguments(toolset: Toolset, names: Sequence[str]) -> dict[str, dict[str, JsonValue]]:
    found = {name: toolset.find(name) for name in names}
    return {name: signature(one.tool, {}).schema for name, one in found.items() if one}
