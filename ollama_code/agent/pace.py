"""How long things take: the phases of a model call get numbers from what was learned, and what it took is learned.

Nothing is guessed: a model that was never measured has phases without times."""

from __future__ import annotations

import time

from ollama_code.agent.meter import Meter
from ollama_code.agent.runtime import Runtime
from ollama_code.core.phase import Phase
from ollama_code.core.profile import ModelProfile
from ollama_code.core.usage import Usage

_NEW = 0.4
"""Weight of the newest measurement: rates fall as a window fills, and rise again after a compaction."""
_EVIDENCE_TOKENS, _EVIDENCE_S = 200, 0.2
"""Less than this says little about a rate."""
_OUTLIER = 3.0
"""A rate so many times off means that the cache held more or less than was thought."""
_LOAD_S = 0.5
"""A shorter load is the server finding the model in memory."""


def held(rt: Runtime, meter: Meter) -> int:
    """Tokens that the engine should still hold of the conversation, about."""
    tokens = rt.known.held.get(rt.agent, 0)
    was_compacted = meter.measured.messages > 0 and not meter.measured.prompt_tokens
    return min(tokens, meter.head_tokens) if was_compacted else tokens


class Pace:
    """The clock of one model call of one agent. `tokens` is the length of its prompt, 0 where only the provider
    knows; `held_tokens` is what the engine should still hold of it; both about."""

    def __init__(self, rt: Runtime, tokens: int, held_tokens: int) -> None:
        self._known = rt.known
        self._agent = rt.agent
        self._tokens = tokens
        self._held_tokens = held_tokens
        self._loaded_anew = False
        self._phase: Phase | None = None
        self._since = time.monotonic()

    def numbered(self, phase: Phase) -> Phase:
        """The phase with what is known of its length."""
        profile = self._known.profile
        match phase.name:
            case "loading":
                self._loaded_anew = True
                phase = phase.model_copy(update={"expected_s": profile.load_s})
            case "reading":
                phase = self._reading(phase, profile.read_tok_s)
        self._phase, self._since = phase, time.monotonic()
        return phase

    def answers(self) -> None:
        """The first of the answer is there."""
        self._phase = None

    def learn(self, usage: Usage) -> None:
        """From a complete answer."""
        self._known.held[self._agent] = usage.prompt_tokens + usage.generated_tokens
        profile = self._known.profile
        found = {
            "load_s": _blend(profile.load_s, usage.load_s if usage.load_s >= _LOAD_S else 0.0),
            "read_tok_s": self._read_rate(profile, usage),
            "write_tok_s": _blend(
                profile.write_tok_s, _rate(usage.generated_tokens, usage.generate_s, least_tokens=16)
            ),
        }
        self._known.learn(profile.model_copy(update=found))

    def stopped(self) -> str:
        """The call is stopped: what a person should know of what was waited for; empty when nothing was."""
        if self._phase is None or self._phase.name != "reading":
            return ""
        read, tokens = self._phase.read_by(time.monotonic() - self._since), self._phase.tokens
        if not self._phase.expected_s:
            return "Stopped while reading. What was read stays read."
        self._known.held[self._agent] = read
        return f"Stopped while reading; about {read:,} of {tokens:,} tokens stay read."

    def _reading(self, phase: Phase, read_tok_s: float) -> Phase:
        tokens = self._tokens or phase.tokens
        cached = min(self._cached(), tokens)
        expected_s = (tokens - cached) / read_tok_s if read_tok_s else 0.0
        return phase.model_copy(update={"tokens": tokens, "cached_tokens": cached, "expected_s": expected_s})

    def _read_rate(self, profile: ModelProfile, usage: Usage) -> float:
        """Sure where the server counts the cache or had none; else believed when it is near what is known."""
        known = profile.read_tok_s
        sure = usage.cached_tokens is not None or self._loaded_anew
        cached = usage.cached_tokens if usage.cached_tokens is not None else self._cached()
        rate = _rate(usage.prompt_tokens - cached, usage.prompt_s, least_tokens=_EVIDENCE_TOKENS)
        if rate and not sure and (not known or not known / _OUTLIER < rate < known * _OUTLIER):
            first = not known and not cached
            return rate if first else known
        return _blend(known, rate)

    def _cached(self) -> int:
        return 0 if self._loaded_anew else self._held_tokens


def _rate(tokens: int, seconds: float, *, least_tokens: int) -> float:
    """Tokens per second; 0 where there are too few to tell."""
    return tokens / seconds if tokens >= least_tokens and seconds >= _EVIDENCE_S else 0.0


def _blend(known: float, new: float) -> float:
    """Rounded, so that what did not change is not written again."""
    if not new:
        return known
    return round(known * (1 - _NEW) + new * _NEW if known else new, 2)
