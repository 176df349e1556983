"""What the model is doing, told from what arrives: thinking, writing, or writing a call that is not seen as text."""

from __future__ import annotations

from ollama_code.core.phase import Phase
from ollama_code.ports import Chunk, DraftPiece, RawPiece, TextPiece, ThinkingPiece

NEWS_TOKENS = 8
"""Tokens after which a person wants to know the new count; and after which silence is no mere tag any more."""


class Phases:
    """For one answer."""

    def __init__(self) -> None:
        self._last: Phase | None = None
        self._hidden_tokens = 0
        """Raw tokens since something was made of them."""

    def news(self, chunk: Chunk) -> Phase | None:
        """The phase that `chunk` shows, if it is another one or has gone on by some tokens."""
        now = self._phase(chunk)
        if now is None or not self._is_news(now):
            return None
        self._last = now
        return now

    def _phase(self, chunk: Chunk) -> Phase | None:
        match chunk:
            case RawPiece(tokens=tokens):
                self._hidden_tokens += tokens
                if self._hidden_tokens >= NEWS_TOKENS:
                    return Phase(name="calling", tokens=self._hidden_tokens)
                return None
            case DraftPiece(name=tool, tokens=tokens):
                self._hidden_tokens = 0
                return Phase(name="calling", detail=tool, tokens=tokens)
            case TextPiece() | ThinkingPiece():
                self._hidden_tokens = 0
                return Phase(name="writing" if isinstance(chunk, TextPiece) else "thinking")
            case _:
                return None

    def _is_news(self, now: Phase) -> bool:
        before = self._last
        if before is None or (now.name, now.detail) != (before.name, before.detail):
            return True
        return not before.tokens <= now.tokens < before.tokens + NEWS_TOKENS
