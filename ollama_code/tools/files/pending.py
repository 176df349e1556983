"""What `permission` prepared for a call, kept until `run` takes it: what was approved is what is done, even if a
link has moved or the file has changed since."""

from __future__ import annotations

from typing import Generic, TypeVar

from ollama_code.tools.base import Call, Params

T = TypeVar("T")

_MOST_KEPT = 16
"""Refused calls never take theirs; so many may wait before the oldest is dropped."""


class Pending(Generic[T]):
    def __init__(self) -> None:
        self._kept: dict[str, tuple[Params, T]] = {}

    def keep(self, p: Params, call: Call, prepared: T) -> T:
        self._kept.pop(call.id, None)
        self._kept[call.id] = (p, prepared)
        if len(self._kept) > _MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        return prepared

    def take(self, p: Params, call: Call) -> T | None:
        """`None` when permission was not asked for just this."""
        asked, prepared = self._kept.pop(call.id, (None, None))
        return prepared if asked == p else None
