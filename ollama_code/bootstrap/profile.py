"""What is known of the session's model: read when it opens, written while it works, never in the way of it."""

from __future__ import annotations

import asyncio

from ollama_code.agent.known import Known
from ollama_code.bootstrap.model import DEMO, Chosen
from ollama_code.bootstrap.site import home
from ollama_code.core.profile import ModelProfile
from ollama_code.storage.profiles import Profiles


class Keeper:
    """Writes in a thread, one write at a time, the newest profile last. `close` waits for the last write."""

    def __init__(self, profiles: Profiles, host: str, model: str, profile: ModelProfile) -> None:
        """`profile` is what is written already."""
        self._profiles = profiles
        self._key = host, model
        self._written = self._now = profile
        self._writing: asyncio.Task[None] | None = None

    def keep(self, profile: ModelProfile) -> None:
        self._now = profile
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())

    async def close(self) -> None:
        if self._writing is not None:
            await self._writing

    async def _write(self) -> None:
        while (now := self._now) != self._written:
            before, self._written = self._written, now
            await asyncio.to_thread(self._profiles.add, *self._key, before, now)


async def known_of(chosen: Chosen) -> tuple[Known, Keeper | None]:
    """What earlier sessions learned of the model, and who keeps what this one learns. A script teaches nothing."""
    if chosen.host == DEMO:
        return Known(), None
    profiles, model = Profiles(home().profiles), chosen.digest or chosen.info.name
    profile = await asyncio.to_thread(profiles.of, chosen.host, model)
    keeper = Keeper(profiles, chosen.host, model, profile)
    return Known(profile, keeper.keep), keeper
