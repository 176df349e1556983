"""OpenAI's dialect, outgoing: a whole completion, or the chunks of a stream. No network here."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

from pydantic import JsonValue

from ollama_code.core.messages import ToolCall
from ollama_code.core.usage import Usage
from ollama_code.frontends.proxy.pieces import Done, Piece, Worked
from ollama_code.frontends.proxy.wire import Fields, compact
from ollama_code.ports import TextPiece, ThinkingPiece

LAST = b"data: [DONE]\n\n"
FINGERPRINT = "fp_ollama"


@dataclass(frozen=True)
class Completion:
    """What all parts of one answer share."""

    model: str
    id: str = field(default_factory=lambda: f"chatcmpl-{secrets.token_hex(12)}")
    created: int = field(default_factory=lambda: int(time.time()))

    def fields(self, object: str) -> Fields:
        return {
            "id": self.id,
            "object": object,
            "created": self.created,
            "model": self.model,
            "system_fingerprint": FINGERPRINT,
        }

    def chunk(self, delta: Fields, finish_reason: str | None = None) -> bytes:
        choice: Fields = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        return event({**self.fields("chat.completion.chunk"), "choices": [choice]})

    @property
    def keepalive(self) -> bytes:
        """A chunk that says nothing: clients count the time between data, and comments are not data."""
        return self.chunk({})


def event(value: Fields) -> bytes:
    return f"data: {compact(value)}\n\n".encode()


async def stream(
    completion: Completion, pieces: AsyncGenerator[Piece, None], *, include_usage: bool
) -> AsyncGenerator[bytes, None]:
    """The events of one answer, `[DONE]` last. The first comes at once, before the model is asked."""
    yield completion.chunk({"role": "assistant", "content": ""})
    calls, gap, spoke = 0, "", False
    async with aclosing(pieces) as given:
        async for piece in given:
            match piece:
                case TextPiece(text=text):
                    yield completion.chunk({"content": gap + text})
                    gap, spoke = "", True
                case ThinkingPiece(text=text):
                    yield completion.chunk({"reasoning": text, "reasoning_content": text})
                case ToolCall():
                    yield completion.chunk({"tool_calls": [_call(piece, calls)]})
                    calls += 1
                case Worked():
                    gap = "\n\n" if spoke else ""
                case Done(reason=reason, usage=usage):
                    yield completion.chunk({}, reason)
                    if include_usage:
                        fields = completion.fields("chat.completion.chunk")
                        yield event({**fields, "choices": [], "usage": _usage(usage)})
                    yield LAST


async def whole(completion: Completion, pieces: AsyncGenerator[Piece, None]) -> Fields:
    """The answer in one object. Of a run with our tools only the last message counts, unless it is empty."""
    texts, thoughts, calls = [""], [""], list[JsonValue]()
    end = Done("stop", Usage())
    async with aclosing(pieces) as given:
        async for piece in given:
            match piece:
                case TextPiece(text=text):
                    texts[-1] += text
                case ThinkingPiece(text=text):
                    thoughts[-1] += text
                case ToolCall():
                    calls.append(_call(piece, len(calls)))
                case Worked():
                    texts.append("")
                    thoughts.append("")
                case Done():
                    end = piece
    message: Fields = {"role": "assistant", "content": next((t for t in reversed(texts) if t.strip()), "")}
    if thoughts[-1]:
        message |= {"reasoning": thoughts[-1], "reasoning_content": thoughts[-1]}
    if calls:
        message["tool_calls"] = calls
    choice: Fields = {"index": 0, "message": message, "finish_reason": end.reason}
    return {**completion.fields("chat.completion"), "choices": [choice], "usage": _usage(end.usage)}


def _call(call: ToolCall, index: int) -> Fields:
    function: Fields = {"name": call.name, "arguments": compact(call.arguments)}
    return {"index": index, "id": call.id, "type": "function", "function": function}


def _usage(usage: Usage) -> Fields:
    prompt, written = usage.prompt_tokens, usage.generated_tokens
    return {"prompt_tokens": prompt, "completion_tokens": written, "total_tokens": prompt + written}
