"""A call as a model wrote it, before anything is known of tools and types, and how much of it is there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ollama_code.core.messages import Arguments


class State(Enum):
    WHOLE = "whole"
    UNCLOSED = "unclosed"
    """Every value is closed; only the outermost closer is missing."""
    BRACE = "brace"
    """Every string is closed; the last brace or parenthesis is missing."""
    CUT = "cut"
    """The text ends inside a value."""
    BROKEN = "broken"
    """No meaning, or more than one."""


@dataclass(frozen=True)
class Written:
    """`text[start:end]` is the call without the tags around it. `odd`: its object has keys no call has, which are
    `beside` its arguments."""

    name: str
    arguments: Arguments
    state: State
    start: int
    end: int
    odd: bool = False
    beside: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Body:
    """Calls read at one place. `announced`: the form itself says that this is a call."""

    calls: tuple[Written, ...]
    end: int
    announced: bool = False


@dataclass(frozen=True)
class Block:
    """Calls with everything that belongs to them: tags, fence, surplus closers."""

    calls: tuple[Written, ...]
    start: int
    end: int
    announced: bool
    fence: str | None = None
    """The label of the fence around it, `None` without one."""
