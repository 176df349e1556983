"""Who asks, as far as the headers say it, and whether our tools are for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ollama_code.bootstrap.serving import ToolsPolicy

_AGENTS = ("claude-cli", "codex", "opencode", "qwencode")
"""Programs that bring tools of their own: what they ask without any is a title, a summary, a verdict."""
_HELPER_TOKENS = 64
"""Up to this many tokens with stop sequences is a title or a classifier, not a chat that wants tools."""

Wish = Literal["on", "off", ""]
_WISHES: dict[str, Wish] = {"on": "on", "off": "off"}


@dataclass(frozen=True)
class Caller:
    """`tools` is the wish of the header `x-ollama-code-tools`, which wins over all that is guessed. `beside`: ours go
    also beside tools that it brings."""

    is_agent: bool = False
    tools: Wish = ""
    beside: bool = False


def caller_of(headers: Mapping[str, str], policy: ToolsPolicy = "auto") -> Caller:
    """With the policy "never" nobody's wish counts: it is there to protect this machine."""
    program = headers.get("user-agent", "").lower()
    said = headers.get("x-ollama-code-tools", "").strip().lower()
    return Caller(
        is_agent=headers.get("x-app") == "cli" or program.startswith(_AGENTS) or "opencode/" in program,
        tools="off" if policy == "never" else _WISHES.get(said, ""),
        beside=policy == "always",
    )


@dataclass(frozen=True)
class Signs:
    """What of a request shows that it is no plain chat. `has_tools`: it brings its own or has used some."""

    has_tools: bool
    bound: bool
    """Whether its answer must have a form, or no calls: ours would break it."""
    max_tokens: int | None
    stops: bool


def ours_may_run(signs: Signs, caller: Caller) -> bool:
    """In a plain chat; for one that brings its own tools only where it or the policy wishes so."""
    if signs.bound or caller.tools == "off":
        return False
    if caller.tools == "on":
        return True
    if signs.has_tools:
        return caller.beside
    tokens = signs.max_tokens
    helper = tokens == 1 or (signs.stops and tokens is not None and tokens <= _HELPER_TOKENS)
    return not (helper or caller.is_agent)
