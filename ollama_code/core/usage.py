"""What one model call cost, as the server reported it."""

from __future__ import annotations

from ollama_code.core.value import Value


class Usage(Value):
    """Counts are tokens, durations seconds. `prompt_tokens` includes what came from the cache, so
    `prompt_tokens + generated_tokens` is the context in use."""

    prompt_tokens: int = 0
    generated_tokens: int = 0
    cached_tokens: int | None = None
    """Exact when the server says so, else `None`."""
    load_s: float = 0.0
    prompt_s: float = 0.0
    generate_s: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        cached = None
        if self.cached_tokens is not None or other.cached_tokens is not None:
            cached = (self.cached_tokens or 0) + (other.cached_tokens or 0)
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            generated_tokens=self.generated_tokens + other.generated_tokens,
            cached_tokens=cached,
            load_s=self.load_s + other.load_s,
            prompt_s=self.prompt_s + other.prompt_s,
            generate_s=self.generate_s + other.generate_s,
        )
