"""The servers that the proxy spreads its work over, usually one: each has its own slots, and what it has in memory.

Where one of them is down the others answer; only when none does is that told."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TypeVar

from ollama_code.bootstrap.slots import Slots
from ollama_code.bootstrap.spread import Link, Prompts, View, links_of, ranked
from ollama_code.core.errors import ProviderError, ServerBusy, ServerUnreachable
from ollama_code.core.phase import Phase
from ollama_code.ports import ChatProvider, ChatRequest, Chunk, ModelSummary
from ollama_code.providers.models import names_cloud, same_model

T = TypeVar("T")
_log = logging.getLogger(__name__)

_FRESH_S = 5.0
"""How long a look is believed."""
_DOWN_S = 15.0
"""How long a server that did not answer is left alone."""
_PATIENCE_S = 2.0
"""For one look: requests wait for it."""
_PROMPTS = 8
"""Prompts for each slot that a server may have kept. To be wrong costs no more than another choice would."""


@dataclass(frozen=True)
class Sight:
    """Names of models, as a server told them at `at_s`, on the clock of this process. Both are empty when it did not
    answer."""

    at_s: float = float("-inf")
    reachable: bool = True
    installed: tuple[str, ...] = ()
    loaded: tuple[str, ...] = ()


@dataclass
class Server:
    """`name` is its address for people."""

    name: str
    provider: ChatProvider
    parallel: int
    slots: Slots = field(init=False)
    prompts: Prompts = field(init=False)
    sight: Sight = field(default_factory=Sight)

    def __post_init__(self) -> None:
        self.slots = Slots(self.parallel)
        self.prompts = Prompts(_PROMPTS * self.parallel)

    async def look(self) -> None:
        """Never raises."""
        age_s = time.monotonic() - self.sight.at_s
        if age_s < (_FRESH_S if self.sight.reachable else _DOWN_S):
            return
        try:
            async with asyncio.timeout(_PATIENCE_S):
                installed, loaded = await self.provider.installed(), await self.provider.loaded()
        except (ProviderError, TimeoutError):
            self.lost()
            return
        names = tuple(model.name for model in installed)
        self.sight = Sight(time.monotonic(), True, names, tuple(model.name for model in loaded))

    def lost(self) -> None:
        """It did not answer. Told once, until it does again."""
        if self.sight.reachable:
            _log.warning("%s does not answer", self.name)
        self.sight = Sight(time.monotonic(), reachable=False)

    def has(self, model: str) -> bool:
        return names_cloud(model) or _holds(self.sight.installed, model)

    def view(self, model: str, links: Sequence[Link]) -> View:
        ahead = 0.0 if self.slots.free else 1 + self.slots.waiting / self.parallel
        loaded = names_cloud(model) or _holds(self.sight.loaded, model)
        return View(self.sight.reachable, self.has(model), loaded, ahead, self.prompts.unread(links))


class Servers:
    """All of them. Closes their connections with `close`."""

    def __init__(self, servers: Sequence[Server]) -> None:
        self._servers = tuple(servers)

    @property
    def at_once(self) -> int:
        """Answers that are written at a time, by all of them."""
        return sum(server.parallel for server in self._servers)

    @property
    def waiting(self) -> int:
        """Answers that wait for their turn."""
        return sum(server.slots.waiting for server in self._servers)

    @property
    def running(self) -> int:
        """Answers that are being written."""
        return sum(server.slots.running for server in self._servers)

    async def chat(self, request: ChatRequest, *, behind: bool = False) -> AsyncGenerator[Chunk, None]:
        """The answer of one of them, as soon as it is its turn there; who is `behind` lets all others pass. A server
        that is down or full is left for the next one, as long as nothing was answered. Raises: ProviderError."""
        if len(self._servers) == 1:
            [server] = self._servers
            async with server.slots.turn(behind=behind), aclosing(server.provider.chat(request)) as chunks:
                async for chunk in chunks:
                    yield chunk
            return
        links, failures = links_of(request), list[ProviderError]()
        for server in await self._ranked(request.head.model, links):
            begun = False
            try:
                async with (
                    server.slots.turn(behind=behind),
                    aclosing(server.provider.chat(request)) as chunks,
                ):
                    server.prompts.keep(links)
                    async for chunk in chunks:
                        begun = begun or not isinstance(chunk, Phase)
                        yield chunk
                    return
            except (ServerUnreachable, ServerBusy) as e:
                if begun:
                    raise
                failures.append(self._noted(server, e))
        raise _all_of(failures)

    async def installed(self) -> tuple[ModelSummary, ...]:
        """What any of them has, each name once. Raises: ProviderError when none answers."""
        models: dict[str, ModelSummary] = {}
        for found in await self._answers(await self._seen(), lambda server: server.provider.installed()):
            for model in found:
                models.setdefault(model.name, model)
        return tuple(models.values())

    async def version(self) -> str:
        """That of the first that answers. Raises: ProviderError when none does."""
        return (await self._answers(await self._seen(), lambda server: server.provider.version()))[0]

    async def of_model(self, model: str, question: Callable[[Server], Awaitable[T]]) -> list[T]:
        """What those that have the model answer; all where none can be seen to have it. Raises: ProviderError."""
        seen = await self._seen()
        return await self._answers([server for server in seen if server.has(model)] or seen, question)

    async def close(self) -> None:
        for server in self._servers:
            await server.provider.close()

    async def _ranked(self, model: str, links: Sequence[Link]) -> list[Server]:
        await self._look()
        views = [server.view(model, links) for server in self._servers]
        return [self._servers[index] for index in ranked(views)]

    async def _look(self) -> None:
        async with asyncio.TaskGroup() as group:
            for server in self._servers:
                group.create_task(server.look())

    async def _seen(self) -> Sequence[Server]:
        """Those that answered the last look, if any did."""
        if len(self._servers) == 1:
            return self._servers
        await self._look()
        return [server for server in self._servers if server.sight.reachable] or self._servers

    async def _answers(
        self, servers: Sequence[Server], question: Callable[[Server], Awaitable[T]]
    ) -> list[T]:
        """Of those that can be reached. Raises: ProviderError."""
        answers, failures = list[T](), list[ProviderError]()
        for server in servers:
            try:
                answers.append(await question(server))
            except ServerUnreachable as e:
                failures.append(self._noted(server, e))
        if not answers:
            raise _all_of(failures)
        return answers

    def _noted(self, server: Server, error: ServerUnreachable | ServerBusy) -> ProviderError:
        if len(self._servers) > 1 and isinstance(error, ServerUnreachable):
            server.lost()  # the only one would be asked again at once
        return error


def _all_of(failures: Sequence[ProviderError]) -> ProviderError:
    """One error that tells of all; that of a server that is only busy comes first, as it will pass."""
    if len(failures) == 1:
        return failures[0]
    kind = ServerBusy if any(isinstance(error, ServerBusy) for error in failures) else ServerUnreachable
    return kind(f"None of the servers could answer. {' '.join(error.sentence for error in failures)}")


def _holds(names: Sequence[str], model: str) -> bool:
    return any(same_model(name, model) for name in names)
