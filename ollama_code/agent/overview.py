"""What fills the context window, part by part."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from ollama_code.core.head import Head
from ollama_code.core.messages import AssistantMessage, Message, ToolMessage, UserMessage
from ollama_code.providers.prefix import Break


@dataclass(frozen=True)
class Part:
    """`tokens` are estimated by the length of the text, and add up to what is in use."""

    name: str
    tokens: int


@dataclass(frozen=True)
class Overview:
    """Token counts. `cached` is what the engine knew at the last step already, about."""

    used: int
    num_ctx: int
    cached: int
    parts: tuple[Part, ...]
    breaks: tuple[Break, ...]


def parts(head: Head, history: Sequence[Message], used: int) -> tuple[Part, ...]:
    """Where the `used` tokens of a prompt are. Parts without text are left out."""
    sizes = {
        "system text": len(head.system),
        "tools": sum(len(json.dumps(tool, ensure_ascii=False)) for tool in head.tools),
        "you": sum(len(m.text) for m in history if isinstance(m, UserMessage)),
        "answers": sum(len(m.written or m.text) for m in history if isinstance(m, AssistantMessage)),
        "thinking": _thinking(head, history),
        "calls": sum(_calls(m) for m in history if isinstance(m, AssistantMessage)),
        "results": sum(len(m.text) for m in history if isinstance(m, ToolMessage)),
    }
    total = sum(sizes.values()) or 1
    return tuple(Part(name, round(used * size / total)) for name, size in sizes.items() if size)


def _thinking(head: Head, history: Sequence[Message]) -> int:
    thoughts = (m.thinking for m in history if isinstance(m, AssistantMessage))
    return sum(map(len, thoughts)) if head.sends_thinking else 0


def _calls(message: AssistantMessage) -> int:
    if message.written:
        return 0
    return sum(len(call.name) + len(json.dumps(call.arguments, ensure_ascii=False)) for call in message.calls)
