"""What the proxy serves from: one provider, the window of each model, a bench for each run. Knows no dialect."""

from __future__ import annotations

import asyncio
import logging
import secrets
import shutil
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from ollama_code.bootstrap.hosting import AskingFor, Household
from ollama_code.bootstrap.keys import load_with_keys
from ollama_code.bootstrap.model import connect, described
from ollama_code.bootstrap.naming import meant
from ollama_code.bootstrap.options import Options
from ollama_code.bootstrap.profile import known_of
from ollama_code.bootstrap.records import recorder, redactor
from ollama_code.bootstrap.servers import Server, Servers
from ollama_code.bootstrap.slots import Admission
from ollama_code.bootstrap.watch import Watch
from ollama_code.bootstrap.window import Wishes, settled_window
from ollama_code.bootstrap.workbench import Bounds, HouseRules, Workbench
from ollama_code.core.audit import Decided, Ran, Record
from ollama_code.core.errors import ModelMissing
from ollama_code.core.events import Event, Notice
from ollama_code.core.text import one_line
from ollama_code.permissions.grants import Grants
from ollama_code.ports import ModelInfo, ModelSummary
from ollama_code.providers.models import choose_model, same_model
from ollama_code.providers.window import unmeasured
from ollama_code.settings.load import Loaded
from ollama_code.storage.audit import Header
from ollama_code.tools.seven import COMMAND, wire_tools

_log = logging.getLogger(__name__)

ToolsPolicy = Literal["auto", "always", "never"]
"""Who is offered our tools: plain chats, also clients that bring their own, or nobody."""


Govern = Callable[[Loaded, Path], Awaitable[Loaded]]


@dataclass(frozen=True)
class Serving:
    """What is served. `bounds` is what the tools may touch; `max_iterations` counts model calls that are offered
    tools, in one request; with the policy "never" no tool of ours ever runs."""

    bounds: Bounds
    options: Options
    max_iterations: int = 10
    tools: ToolsPolicy = "auto"
    parallel: int = 1
    """Answers that the engine writes at a time; more requests wait here, where those that matter go first."""
    watch: Watch = field(default_factory=Watch)
    household: Household | None = None
    """Who is asked before a tool changes or runs anything. Without one the bounds say all of it."""
    govern: Govern | None = None
    """What the directory itself may say of the settings. Without one it says nothing."""
    more_urls: tuple[str, ...] = ()
    """Servers beside that of `options`, to spread the work over."""


@dataclass(frozen=True)
class Model:
    """An installed model and how every request of this process asks it: another window would reload it."""

    info: ModelInfo
    num_ctx: int
    keep_alive: str


class Backend:
    """Shared by all requests, as long as `serving_backend` holds it open. `scratch` is a folder of its own."""

    def __init__(self, serving: Serving, servers: Servers, loaded: Loaded, scratch: Path) -> None:
        self.serving = serving
        self.servers = servers
        self.tools = wire_tools(without=(COMMAND,) if serving.bounds.commands == () else ())
        """The seven, without the one for commands where none may run. Made once: it costs some milliseconds."""
        self._loaded = loaded
        self._settings = loaded.settings
        self._scratch = scratch
        self._models: dict[str, Model] = {}
        self.admission = Admission(servers.at_once)
        """Who is let in at all; whose turn it is, each server says for itself."""
        self._grants = Grants()
        """What a person allows for as long as this serves."""
        self.changing = asyncio.Lock()
        """Held by the one call that may change something in the directory."""
        self.chat = serving.watch.over(servers.chat)

    async def model(self, name: str) -> Model:
        """The model meant by this name, which may be empty. Looked up once, so that its window stays: the one that a
        session would have, as far as that is known without loading the model.
        Raises: ProviderError, ModelUnclear."""
        name = name.strip()
        if name not in self._models:
            installed = await self.servers.installed()
            found = self._meant(name, installed)
            models = await self.servers.of_model(found, lambda server: self._on(server, found, installed))
            self._models[name] = min(models, key=lambda model: model.num_ctx)  # it has to fit on each of them
        return self._models[name]

    async def _on(self, server: Server, name: str, installed: Sequence[ModelSummary]) -> Model:
        ollama = self._settings.ollama
        chosen = await described(server.provider, server.name, name, installed)
        known, _ = await known_of(chosen)
        wishes = Wishes(self.serving.options.num_ctx, ollama.num_ctx, ollama.keep_alive)
        window = settled_window(chosen, known.profile, wishes) or unmeasured(chosen.info)
        return Model(chosen.info, window.num_ctx, ollama.keep_alive)

    @asynccontextmanager
    async def bench(self, client: str = "") -> AsyncGenerator[Workbench, None]:
        """The tools for one request of `client`: what it started in the background ends with it."""
        folder = self._scratch / secrets.token_hex(8)
        folder.mkdir(mode=0o700)
        bounds = replace(self.serving.bounds, sandbox=self._settings.sandbox)
        header = Header(folder.name, "proxy", str(bounds.directory), lambda: bench.sandbox.level, client)
        redact = await asyncio.to_thread(redactor, self._loaded)
        household = self.serving.household
        house = HouseRules(
            loaded=self._loaded,
            options=self.serving.options,
            record=_both(
                recorder(header, redact, household.emit if household else _warn), self.serving.watch.record
            ),
            hides=redact.sure if self._settings.hide_secrets else redact.known,
            asker=AskingFor(household.asker, client) if household else None,
            grants=self._grants,
        )
        bench = Workbench(bounds, folder, house)
        try:
            yield bench
        finally:
            await bench.close()
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def walls(self) -> str:
        """What holds a command: "in a sandbox (bwrap)", or "without a sandbox"."""
        async with self.bench() as bench:
            await bench.sandbox.ready()
            return f"in a sandbox ({bench.sandbox.level})" if bench.sandbox.holds else "without a sandbox"

    async def listed(self, name: str) -> ModelSummary:
        """The installed model meant by this name. Raises: ProviderError, ModelMissing."""
        installed = await self.servers.installed()
        found = self._meant(name, installed)
        for model in installed:
            if same_model(model.name, found):
                return model
        raise ModelMissing(f'The model "{one_line(name)}" is not installed.')

    def _meant(self, name: str, installed: Sequence[ModelSummary]) -> str:
        found = meant(name, installed, lambda: choose_model(self._settings.model, "", installed))
        if found != name and name:
            _log.info("%s is asked for, %s answers", one_line(name), found)
        return found


@asynccontextmanager
async def serving_backend(serving: Serving) -> AsyncGenerator[Backend, None]:
    """Raises: UsageError for settings to mend or a directory that cannot be entered."""
    servers, loaded = await _connected(serving)
    try:
        if serving.govern is not None:
            loaded = await serving.govern(loaded, serving.bounds.directory)
        with _scratch() as scratch:
            backend = Backend(serving, servers, loaded, scratch)
            async with backend.bench():
                pass  # a directory that cannot be entered is told now, and not to the first client
            yield backend
    finally:
        await servers.close()


async def _connected(serving: Serving) -> tuple[Servers, Loaded]:
    """Each server gets the key that was set for it, and no other; all of them are secrets. The settings do not
    depend on the server."""
    options = replace(serving.options, front_end="proxy")
    first, *more = [options, *(replace(options, ollama_url=url) for url in serving.more_urls)]
    loaded = await asyncio.to_thread(load_with_keys, first)
    provider, name = await connect(first, loaded)
    servers = {name: Server(name, provider, serving.parallel)}
    for options in more:
        with_key = await asyncio.to_thread(load_with_keys, options)
        provider, name = await connect(options, with_key)
        servers.setdefault(name, Server(name, provider, serving.parallel))
        loaded = replace(loaded, credentials=(*loaded.credentials, *with_key.credentials))
    return Servers([*servers.values()]), loaded


def _both(one: Record, other: Record) -> Record:
    def record(entry: Decided | Ran) -> None:
        one(entry)
        other(entry)

    return record


def _warn(event: Event) -> None:
    if isinstance(event, Notice):
        _log.warning("%s", event.text)


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ollama-code-") as folder:
        yield Path(folder).resolve()
