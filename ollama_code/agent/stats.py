"""What a session cost so far, added up from the usage that each step reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ollama_code.core.events import Event, UsageReported
from ollama_code.core.profile import ModelProfile
from ollama_code.core.usage import Usage


@dataclass(frozen=True)
class Cost:
    """Of `steps` model calls. `usage.prompt_tokens` counts a prompt again with each step that sent it."""

    steps: int = 0
    usage: Usage = field(default_factory=Usage)
    cached_tokens: int = 0
    """As the server said, else estimated from the time that reading took."""

    def plus(self, usage: Usage, cached_tokens: int) -> Cost:
        return Cost(self.steps + 1, self.usage + usage, self.cached_tokens + cached_tokens)


class Stats:
    """An observer of the feed. `last` is the last step of the main agent, `session` all of them with subagents'.
    `read_tok_s` is the rate of reading, as far as it is known by then."""

    def __init__(self, read_tok_s: Callable[[], float] = lambda: 0.0) -> None:
        self.last = Cost()
        self.session = Cost()
        self._told = Cost()
        self._read_tok_s = read_tok_s

    def __call__(self, event: Event) -> None:
        if not isinstance(event, UsageReported):
            return
        cached = cached_tokens(event.usage, self._read_tok_s())
        self.session = self.session.plus(event.usage, cached)
        if event.agent == "main":
            self.last = Cost().plus(event.usage, cached)

    def added_to(self, profile: ModelProfile) -> ModelProfile:
        """`profile` with what has happened since the last time."""
        now, told = self.session, self._told
        self._told = now
        if now.steps == told.steps:
            return profile
        return profile.model_copy(
            update={
                "sessions": profile.sessions + (0 if told.steps else 1),
                "steps": profile.steps + now.steps - told.steps,
                "prompt_tokens": profile.prompt_tokens + now.usage.prompt_tokens - told.usage.prompt_tokens,
                "cached_tokens": profile.cached_tokens + now.cached_tokens - told.cached_tokens,
                "generated_tokens": (
                    profile.generated_tokens + now.usage.generated_tokens - told.usage.generated_tokens
                ),
            }
        )


def cached_tokens(usage: Usage, read_tok_s: float) -> int:
    """How much of the prompt the engine did not read: exact when the server says so; else from the time it took at
    the rate learned; 0 when there is none."""
    if usage.cached_tokens is not None:
        return usage.cached_tokens
    if not read_tok_s:
        return 0
    return max(usage.prompt_tokens - round(usage.prompt_s * read_tok_s), 0)


def speed(usage: Usage) -> float | None:
    """Tokens per second of generation alone; `None` when nothing was written."""
    return usage.generated_tokens / usage.generate_s if usage.generated_tokens and usage.generate_s else None
