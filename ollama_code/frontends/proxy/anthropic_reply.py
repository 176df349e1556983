"""Anthropic's dialect, outgoing: a whole message, or the events of a stream. No network here."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field

from pydantic import JsonValue

from ollama_code.core.messages import ToolCall
from ollama_code.core.usage import Usage
from ollama_code.frontends.proxy.anthropic_content import sealed
from ollama_code.frontends.proxy.anthropic_request import Shows
from ollama_code.frontends.proxy.pieces import Done, Piece, Reason, SearchFailed, Worked
from ollama_code.frontends.proxy.wire import Fields, compact
from ollama_code.ports import TextPiece, ThinkingPiece

_STOPS: dict[Reason, str] = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}


@dataclass(frozen=True)
class Answering:
    """What all parts of one answer share. `prompt_tokens` is what the prompt has, about, before the server counts."""

    model: str
    shows: Shows
    prompt_tokens: int = 0
    id: str = field(default_factory=lambda: f"msg_{secrets.token_hex(12)}")

    def message(self, content: list[JsonValue], stop: str | None, usage: Usage) -> Fields:
        return {
            "id": self.id,
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": content,
            "stop_reason": stop,
            "stop_sequence": None,
            "usage": _usage(usage),
        }


def event(value: Fields) -> bytes:
    return f"event: {value['type']}\ndata: {compact(value)}\n\n".encode()


PING = event({"type": "ping"})


async def stream(answering: Answering, pieces: AsyncGenerator[Piece, None]) -> AsyncGenerator[bytes, None]:
    """The events of one answer, `message_stop` last. The first comes at once, before the model is asked."""
    opening = answering.message([], None, Usage(prompt_tokens=answering.prompt_tokens))
    yield event({"type": "message_start", "message": opening})
    blocks = _Blocks(answering.shows)
    async with aclosing(pieces) as given:
        async for piece in given:
            for value in blocks.told(piece):
                yield event(value)
            if isinstance(piece, Done):
                delta: Fields = {"stop_reason": _STOPS[piece.reason], "stop_sequence": None}
                yield event({"type": "message_delta", "delta": delta, "usage": _usage(piece.usage)})
                yield event({"type": "message_stop"})


class _Blocks:
    """The blocks of one stream: one open at a time, numbered in order."""

    def __init__(self, shows: Shows) -> None:
        self._shows = shows
        self._count = 0
        self._open = ""
        self._secret: list[str] = []
        self._gap = ""
        self._spoke = False

    def told(self, piece: Piece) -> Iterator[Fields]:
        match piece:
            case TextPiece(text=text):
                yield from self._in("text", {"type": "text", "text": ""})
                yield self._delta({"type": "text_delta", "text": self._gap + text})
                self._gap, self._spoke = "", True
            case ThinkingPiece(text=text) if self._shows == "all":
                yield from self._in("thinking", {"type": "thinking", "thinking": "", "signature": ""})
                yield self._delta({"type": "thinking_delta", "thinking": text})
            case ThinkingPiece(text=text):
                self._secret.append(text)
            case ToolCall():
                yield from self._in("", _use(piece, {}))
                yield self._delta({"type": "input_json_delta", "partial_json": compact(piece.arguments)})
                yield from self._close()
            case SearchFailed():
                for block in _failed_search():
                    yield from self._in("", block)
                    yield from self._close()
            case Worked():
                self._gap = "\n\n" if self._spoke else ""
            case Done():
                yield from self._close()

    def _in(self, kind: str, block: Fields) -> Iterator[Fields]:
        """Opens `block`, unless the open one is of its kind."""
        if kind and kind == self._open:
            return
        yield from self._close()
        yield from self._sealed()
        yield {"type": "content_block_start", "index": self._count, "content_block": block}
        self._open = kind or "call"

    def _sealed(self) -> Iterator[Fields]:
        """The thinking so far as a block without a word, if the client wants it so."""
        thinking, self._secret = "".join(self._secret), []
        if thinking and self._shows == "sealed":
            block: Fields = {"type": "thinking", "thinking": "", "signature": ""}
            yield {"type": "content_block_start", "index": self._count, "content_block": block}
            yield self._delta({"type": "signature_delta", "signature": sealed(thinking)})
            self._open = "thinking"
            yield from self._close()

    def _delta(self, delta: Fields) -> Fields:
        return {"type": "content_block_delta", "index": self._count, "delta": delta}

    def _close(self) -> Iterator[Fields]:
        if self._open:
            yield {"type": "content_block_stop", "index": self._count}
            self._open, self._count = "", self._count + 1


async def whole(answering: Answering, pieces: AsyncGenerator[Piece, None]) -> Fields:
    """The answer in one object. Of a run with our tools only the last message counts, unless it is empty."""
    texts, thoughts, calls, searches = [""], [""], list[JsonValue](), list[JsonValue]()
    end = Done("stop", Usage())
    async with aclosing(pieces) as given:
        async for piece in given:
            match piece:
                case TextPiece(text=text):
                    texts[-1] += text
                case ThinkingPiece(text=text):
                    thoughts[-1] += text
                case ToolCall():
                    calls.append(_use(piece, piece.arguments))
                case SearchFailed():
                    searches += _failed_search()
                case Worked():
                    texts.append("")
                    thoughts.append("")
                case Done():
                    end = piece
    content = [*_thinking(thoughts[-1], answering.shows), *searches]
    if text := next((text for text in reversed(texts) if text.strip()), ""):
        content.append({"type": "text", "text": text})
    return answering.message([*content, *calls], _STOPS[end.reason], end.usage)


def _thinking(text: str, shows: Shows) -> Iterator[JsonValue]:
    if text and shows == "all":
        yield {"type": "thinking", "thinking": text, "signature": ""}
    if text and shows == "sealed":
        yield {"type": "thinking", "thinking": "", "signature": sealed(text)}


def _failed_search() -> list[Fields]:
    id = f"srvtoolu_{secrets.token_hex(12)}"
    error: Fields = {"type": "web_search_tool_result_error", "error_code": "unavailable"}
    return [
        {"type": "server_tool_use", "id": id, "name": "web_search", "input": {}},
        {"type": "web_search_tool_result", "tool_use_id": id, "content": error},
    ]


def _use(call: ToolCall, shown: Fields) -> Fields:
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": shown}


def _usage(usage: Usage) -> Fields:
    """Nothing is said of a cache: all of the prompt counts as read, as clients add these numbers up."""
    return {
        "input_tokens": usage.prompt_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": usage.generated_tokens,
    }
