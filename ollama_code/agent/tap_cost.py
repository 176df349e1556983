"""What the raw tap costs: whether the model writes more slowly with it. No request is made to find out."""

from __future__ import annotations

from dataclasses import dataclass

from ollama_code.core.usage import Usage

MOST_COST = 0.05
"""Share of the rate of writing that the tap may take (local-models, 5)."""
_EVIDENCE_TOKENS = 64
"""Shorter answers say little about a rate."""
_NEAR = 0.25
"""Writing gets slower as the window fills, so only answers to prompts of about the same length compare."""


@dataclass(frozen=True)
class _Rate:
    tokens_per_s: float
    prompt_tokens: int


class TapCost:
    """Compares an answer without the tap, such as a summary, which holds no calls, with the last one that had it."""

    def __init__(self) -> None:
        self._tapped: _Rate | None = None

    def note(self, usage: Usage, *, tapped: bool) -> bool | None:
        """Whether the tap is worth its price, as soon as that is known."""
        if usage.generated_tokens < _EVIDENCE_TOKENS or not usage.generate_s:
            return None
        rate = _Rate(usage.generated_tokens / usage.generate_s, usage.prompt_tokens)
        if tapped:
            self._tapped = rate
            return None
        if self._tapped is None or abs(rate.prompt_tokens - self._tapped.prompt_tokens) > _NEAR * max(
            rate.prompt_tokens, self._tapped.prompt_tokens
        ):
            return None
        return self._tapped.tokens_per_s >= rate.tokens_per_s * (1 - MOST_COST)
