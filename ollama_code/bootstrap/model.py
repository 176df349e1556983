"""Who answers: the provider, and the model it is asked for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ollama_code.bootstrap.options import Options
from ollama_code.bootstrap.site import Site, home
from ollama_code.core.errors import ServerUnreachable, UsageError
from ollama_code.demo import script_text
from ollama_code.ports import ChatProvider, ModelInfo, ModelSummary
from ollama_code.providers.host import base_url, without_login
from ollama_code.providers.models import choose_model, names_cloud, same_model
from ollama_code.settings.load import Credentials, Loaded
from ollama_code.storage.state import State

T = TypeVar("T")
DEMO = "demo"
"""The name of the host where a script answers."""
DRAWN_EVERY_S = 0.08
"""How often the full screen is drawn: what is read more often, nobody sees."""


@dataclass(frozen=True)
class Chosen:
    """The model side of a session: who answers where, what it can do, under which name. Without a `digest` the
    server does not list the model, as one in the cloud; `size_bytes` is what it takes on disk."""

    provider: ChatProvider
    info: ModelInfo
    host: str
    digest: str = ""
    size_bytes: int = 0
    remote: bool = False


async def connect(options: Options, loaded: Loaded) -> tuple[ChatProvider, str]:
    """The provider and the name of its host."""
    if options.demo:
        return _script(), DEMO
    url = base_url(loaded.settings.ollama.base_url)
    provider = await asyncio.to_thread(_ollama, url, _credentials(loaded, url), options.front_end)
    return provider, without_login(url)


def _script() -> ChatProvider:
    from ollama_code.providers.script import Script  # 0.5 MB that only the demo needs
    from ollama_code.providers.scripted import ScriptedProvider

    return ScriptedProvider.of(Script.load(script_text(), origin="the demo script"))


def _ollama(url: str, keys: Credentials, front_end: str) -> ChatProvider:
    """In a thread: `import ollama` takes 0.13 s, in which a screen must not freeze."""
    from ollama_code.providers.ollama import OllamaProvider, Waits

    waits = Waits(gather_s=DRAWN_EVERY_S if front_end == "tui" else 0.0, tells=front_end != "proxy")
    return OllamaProvider(url, api_key=keys.api_key, headers=keys.headers, waits=waits)


def _credentials(loaded: Loaded, url: str) -> Credentials:
    """Everything that was set for this server and nothing that was set for another; the first word wins."""
    key = ""
    headers: dict[str, str] = {}
    for candidate in reversed(loaded.credentials):
        if _same_server(candidate.host, url):
            key = candidate.api_key or key
            headers |= candidate.headers
    return Credentials(url, "", api_key=key, headers=headers)


def _same_server(host: str, url: str) -> bool:
    try:
        return without_login(base_url(host)) == without_login(url)
    except UsageError:  # an address that nobody uses may be nonsense
        return False


async def choose(provider: ChatProvider, host: str, loaded: Loaded, site: Site) -> Chosen:
    installed = await provider.installed()
    if site.before is not None:
        name = site.before.session.head.model
    else:
        state = State(home().state)
        remembered = await asyncio.to_thread(state.last_model, host)
        name = choose_model(loaded.settings.model, remembered or "", installed)
    chosen = await described(provider, host, name, installed)
    if site.before is None and host != DEMO:
        await asyncio.to_thread(state.remember_model, host, name)
    return chosen


async def described(
    provider: ChatProvider, host: str, name: str, installed: Sequence[ModelSummary]
) -> Chosen:
    """What the server says of the model of this name. Raises: ProviderError."""
    info = await provider.describe(name)
    listed = next((model for model in installed if same_model(model.name, name)), None)
    if listed is None:
        return Chosen(provider, info, host, remote=names_cloud(name))
    remote = listed.remote or names_cloud(name)
    return Chosen(provider, info, host, listed.digest, listed.size_bytes, remote)


async def patiently(ask: Callable[[], Awaitable[T]], patience_s: float) -> T:
    """Ask again while nobody answers, at growing intervals, for `patience_s` in all."""
    started, pause_s = time.monotonic(), 0.25
    while True:
        try:
            return await ask()
        except ServerUnreachable:
            if time.monotonic() - started + pause_s > patience_s:
                raise
        await asyncio.sleep(pause_s)
        pause_s *= 2
