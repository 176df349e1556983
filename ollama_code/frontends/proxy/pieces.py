"""What an answer is made of, before a dialect writes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ollama_code.core.messages import ToolCall
from ollama_code.core.usage import Usage
from ollama_code.ports import TextPiece, ThinkingPiece

Reason = Literal["stop", "length", "tool_calls"]


@dataclass(frozen=True)
class Worked:
    """The model was called again, because it had called our tools or its answer came to nothing: what it says next is
    another message."""


@dataclass(frozen=True)
class SearchFailed:
    """A search of the web was asked for, which nobody here makes."""


@dataclass(frozen=True)
class Done:
    """The last piece of every answer."""

    reason: Reason
    usage: Usage


Piece = TextPiece | ThinkingPiece | ToolCall | Worked | SearchFailed | Done
