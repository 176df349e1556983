"""The context window of a new session: asked of the settings and the profile, else measured by loading the model."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from ollama_code.agent.known import Known
from ollama_code.bootstrap.model import DEMO, Chosen
from ollama_code.core.errors import ModelLoadFailed, ProviderError
from ollama_code.core.phase import Phase
from ollama_code.core.profile import ModelProfile
from ollama_code.ports import LoadedModel
from ollama_code.providers.host import is_loopback
from ollama_code.providers.models import same_model
from ollama_code.providers.window import Ladder, Window, in_the_cloud, unmeasured, wished

Tell = Callable[[Phase | None], None]
"""Hears what is waited for while there is no session to tell it, `None` when that is over."""


def tell_nobody(phase: Phase | None) -> None:
    """Where nobody looks."""


@dataclass(frozen=True)
class Wishes:
    """Windows that were asked for, in tokens: by a flag of this start, in the settings."""

    flag: int | None
    settings: int | None
    keep_alive: str


def settled_window(chosen: Chosen, profile: ModelProfile, wishes: Wishes) -> Window | None:
    """The window as far as it is settled without loading anything."""
    info = chosen.info
    wish = wished(
        info,
        (wishes.flag, "as --num-ctx says"),
        (profile.pinned, "pinned for this model"),
        (wishes.settings, "as your settings say"),
    )
    if wish is not None:
        return wish
    if chosen.remote:
        return in_the_cloud(info)
    if chosen.host == DEMO:
        return unmeasured(info)
    if profile.fit and not 0 < info.context_length < profile.fit:
        return Window(profile.fit, "measured before on this host")
    return None


async def choose_window(chosen: Chosen, known: Known, wishes: Wishes, tell: Tell) -> Window:
    """Without a wish and without a memory of it, the model is loaded until its window fits; that is remembered.
    Raises: ModelLoadFailed when it cannot be loaded with any."""
    window = await _chosen_window(chosen, known, wishes, tell)
    return replace(window, given=known.window)


async def _chosen_window(chosen: Chosen, known: Known, wishes: Wishes, tell: Tell) -> Window:
    if settled := settled_window(chosen, known.profile, wishes):
        return settled
    try:
        window = await _Search(chosen, known, wishes.keep_alive, tell).run()
    except ModelLoadFailed:
        raise
    except ProviderError:
        return unmeasured(chosen.info)  # the turn will say what is wrong
    finally:
        tell(None)
    if window.measured:
        known.learn(known.profile.model_copy(update={"fit": window.num_ctx}))
    return window


class _Search:
    """Loads what the ladder says and shows it what came of that."""

    def __init__(self, chosen: Chosen, known: Known, keep_alive: str, tell: Tell) -> None:
        self._chosen = chosen
        self._known = known
        self._keep_alive = keep_alive
        self._tell = tell

    async def run(self) -> Window:
        """Raises: ProviderError."""
        chosen = self._chosen
        ladder = Ladder(chosen.info, chosen.size_bytes, _memory_bytes(chosen.host))
        there = await self._resident()
        window = ladder.found(there) if there else None
        while window is None:
            try:
                await self._load(ladder.candidate)
            except ModelLoadFailed:
                if not ladder.failed():
                    raise
                continue
            there = await self._resident()
            if there is None or not there.size_bytes:
                return unmeasured(chosen.info)
            window = ladder.loaded(there)
        return window

    async def _load(self, num_ctx: int) -> None:
        name = self._chosen.info.name
        profile = self._known.profile
        self._tell(Phase(name="loading", detail=f"{name} with {num_ctx:,} tokens", expected_s=profile.load_s))
        started = time.monotonic()
        await self._chosen.provider.load(name, num_ctx, self._keep_alive)
        self._known.learn(profile.model_copy(update={"load_s": time.monotonic() - started}))

    async def _resident(self) -> LoadedModel | None:
        """The model as it is in memory; two names of the same weights share one engine."""
        for loaded in await self._chosen.provider.loaded():
            same_weights = bool(loaded.digest) and loaded.digest == self._chosen.digest
            if same_weights or same_model(loaded.name, self._chosen.info.name):
                return loaded
        return None


def _memory_bytes(host: str) -> int:
    """Of this machine, when the server runs on it; 0 when that is not known."""
    if not is_loopback(host):
        return 0
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):  # not every system tells, Windows has no such function
        return 0
