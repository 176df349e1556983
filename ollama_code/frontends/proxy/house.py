"""What stands behind the door: the backend, its routes, and the token for programs that come later."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncGenerator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from starlette.types import ASGIApp

from ollama_code.bootstrap.options import Options
from ollama_code.bootstrap.serving import Backend, Serving, serving_backend
from ollama_code.bootstrap.site import home
from ollama_code.bootstrap.workbench import Bounds
from ollama_code.frontends.proxy.app import Service, proxy_app
from ollama_code.frontends.proxy.flags import ServeFlags
from ollama_code.frontends.proxy.greeting import greeting
from ollama_code.frontends.proxy.guard import Rules
from ollama_code.frontends.proxy.metrics import Metrics
from ollama_code.frontends.proxy.watched import watch_for
from ollama_code.storage.atomic import write_atomic

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Opened:
    flags: ServeFlags
    backend: Backend
    app: ASGIApp

    def kept_token(self, listener: socket.socket) -> AbstractContextManager[None]:
        return kept_token(self.flags, listener)

    async def greeting(self, listener: socket.socket) -> str:
        return greeting(self.flags, listener, await self.backend.walls())


@asynccontextmanager
async def opened_house(
    flags: ServeFlags, rules: Rules, stopping: asyncio.Event
) -> AsyncGenerator[Opened, None]:
    """Raises: UsageError for settings to mend or a directory that cannot be entered."""
    metrics = Metrics() if flags.metrics else None
    serving = serving_of(flags)
    if metrics is not None:
        serving = replace(serving, watch=watch_for(metrics))
    async with serving_backend(serving) as backend:
        yield Opened(flags, backend, proxy_app(Service(backend, stopping, metrics=metrics), rules))


def serving_of(flags: ServeFlags) -> Serving:
    directory = Path(flags.directory).resolve()
    more = tuple(Path(path).resolve() for path in flags.more_directories)
    first = flags.ollama_urls[0] if flags.ollama_urls else None
    return Serving(
        bounds=Bounds(directory, more, flags.commands),
        options=Options(model=flags.default_model, ollama_url=first, num_ctx=flags.num_ctx),
        max_iterations=flags.max_iterations,
        tools=flags.tools,
        parallel=flags.parallel,
        more_urls=flags.ollama_urls[1:],
    )


@contextmanager
def kept_token(flags: ServeFlags, listener: socket.socket) -> Iterator[None]:
    """The token in a file for this user alone, for programs that are started later. Where no file can be,
    they have to be told the token."""
    if flags.token is None:
        yield
        return
    path = home().token_at(listener.getsockname()[1])
    try:
        write_atomic(path, f"{flags.token}\n".encode())
    except OSError as e:
        _log.warning("The token could not be kept in %s: %s", path, e.strerror)
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()
