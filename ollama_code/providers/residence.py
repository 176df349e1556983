"""Is the model in memory? The server says nothing while it loads and nothing while it reads: `/api/ps` tells which.

It is asked before the first request for a model, and while an answer is waited for; never between quick answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from ollama_code.core.errors import ProviderError
from ollama_code.core.head import Head
from ollama_code.core.phase import Phase
from ollama_code.ports import LoadedModel, ModelSummary
from ollama_code.providers.models import names_cloud, same_model

T = TypeVar("T")

_PATIENCE_S = 1.0
"""How long one look may take: it must not hold a request back."""
_FRESH_S = 240.0
"""How long a model that answered is taken to be there still: by itself a server keeps it for five minutes."""
_ROUNDING_TOKENS = 1024
"""Engines round a window up a little; one that differs by more is another, and means a reload."""


@dataclass(frozen=True)
class _Sight:
    """What a look found; `model` is `None` when it is not in memory with the window of the request."""

    model: LoadedModel | None


class Residence:
    """Of one server. `look` asks it what is in memory, `interval_s` passes between two looks while a request waits;
    `None` never looks."""

    def __init__(
        self, look: Callable[[], Awaitable[tuple[LoadedModel, ...]]], interval_s: float | None
    ) -> None:
        self._look = look
        self.interval_s = interval_s
        self._answered: dict[tuple[str, int], float] = {}
        self._installed: tuple[ModelSummary, ...] = ()

    def know(self, installed: tuple[ModelSummary, ...]) -> None:
        """Two names of the same weights share one engine, which goes by the name that was asked for first."""
        self._installed = installed

    def wait(self, head: Head, tokens: int) -> Wait:
        """For a request with `head` and a prompt of about `tokens`."""
        return Wait(self, head, tokens)

    def is_fresh(self, head: Head) -> bool:
        """Whether the model answered a moment ago."""
        last = self._answered.get((head.model, head.num_ctx))
        return last is not None and time.monotonic() - last < _FRESH_S

    def answers(self, head: Head) -> None:
        self._answered[head.model, head.num_ctx] = time.monotonic()

    async def sight(self, head: Head, *, answers: bool = False) -> _Sight | None:
        """`None` when it cannot be found out; a model in the cloud is in nobody's memory. One that `answers` has the
        window that the server gives, whichever was asked for."""
        if self.interval_s is None or names_cloud(head.model):
            return None
        with suppress(ProviderError, TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                digest = self._digest(head.model)
                found = [one for one in await self._look() if _is_of(one, head, digest)]
                return _Sight(next((one for one in found if answers or _has_window(one, head)), None))
        return None

    def _digest(self, name: str) -> str:
        """Empty where nobody told."""
        return next((model.digest for model in self._installed if same_model(model.name, name)), "")


class Wait:
    """One request, from before it leaves until the model answers."""

    def __init__(self, residence: Residence, head: Head, tokens: int) -> None:
        self._residence = residence
        self._head = head
        self._reading = Phase(name="reading", tokens=tokens)
        self._phase = self._reading
        self._seen: LoadedModel | None = None
        self._loads = False

    async def begin(self) -> None:
        """Before the request is sent, which itself brings the model into memory."""
        if not self._residence.is_fresh(self._head):
            self._take(await self._residence.sight(self._head))

    async def until(self, waited: asyncio.Task[T]) -> AsyncGenerator[Phase, None]:
        """What is waited for, each time that changes, until the task is done."""
        told: Phase | None = None
        while True:
            if self._phase != told:
                told = self._phase
                yield told
            done, _ = await asyncio.wait({waited}, timeout=self._residence.interval_s)
            if done:
                return
            self._take(await self._residence.sight(self._head))

    async def end(self) -> LoadedModel | None:
        """The model answers: how it lies in memory, if that was found out."""
        if self._loads and self._seen is None:
            self._take(await self._residence.sight(self._head, answers=True))
        self._residence.answers(self._head)
        return self._seen

    def _take(self, sight: _Sight | None) -> None:
        if sight is None:
            return
        if sight.model is None:
            self._loads = True
            self._phase = Phase(name="loading", detail=self._head.model)
        else:
            self._phase = self._reading
        self._seen = sight.model


def _is_of(loaded: LoadedModel, head: Head, digest: str) -> bool:
    """Whether this is the engine of the head's model, or of the same weights, which have this digest."""
    return same_model(loaded.name, head.model) or (bool(digest) and loaded.digest == digest)


def _has_window(loaded: LoadedModel, head: Head) -> bool:
    """Whether a request with this head finds the engine as it is, as far as that is known."""
    return not loaded.context_length or abs(loaded.context_length - head.num_ctx) < _ROUNDING_TOKENS
