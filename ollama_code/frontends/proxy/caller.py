"""Who asks, as far as the headers say it, and whether our tools are for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

_AGENTS = ("claude-cli", "codex", "opencode", "qwencode")
"""Programs that bring tools of their own: what they ask without any is a title, a summary, a verdict."""
_HELPER_TOKENS = 64
"""Up to this many tokens with stop sequences is a title or a classifier, not a chat that wants tools."""


Wish = Literal["on", "off", ""]
_WISHES: dict[str, Wish] = {"on": "on", "off": "off"}


@dataclass(frozen=True)
class Caller:
    """`tools` is the wish of the header `x-ollama-code-tools`, which wins over all that is guessed."""

    is_agent: bool = False
    tools: Wish = ""


def caller_of(headers: Mapping[str, str]) -> Caller:
    program = headers.get("user-agent", "").lower()
    said = headers.get("x-ollama-code-tools", "").strip().lower()
    return Caller(
        is_agent=headers.get("x-app") == "cli" or program.startswith(_AGENTS) or "opencode/" in program,
        tools=_WISHES.get(said, ""),
    )


@dataclass(frozen=True)
class Signs:
    """What of a request shows that it is no plain chat. `has_tools`: it brings its own, has used some, or wants
    none."""

    has_tools: bool
    bound: bool
    """Whether its answer must have a form, which a call would break."""
    max_tokens: int | None
    stops: bool


def is_plain(signs: Signs, caller: Caller) -> bool:
    """Whether ours may run: in a chat that brings no tools and wants none kept away."""
    if signs.has_tools or signs.bound or caller.tools == "off":
        return False
    if caller.tools == "on":
        return True
    tokens = signs.max_tokens
    helper = tokens == 1 or (signs.stops and tokens is not None and tokens <= _HELPER_TOKENS)
    return not (helper or caller.is_agent)
