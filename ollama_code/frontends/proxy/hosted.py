"""The proxy inside a program that people sit at: its tools ask them, and it ends with that program."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ollama_code.bootstrap.hosting import Household, Wish
from ollama_code.bootstrap.options import Options
from ollama_code.bootstrap.serving import serving_backend
from ollama_code.bootstrap.site import home
from ollama_code.bootstrap.trust.effects import governed
from ollama_code.bootstrap.trust.folder import FolderTrust
from ollama_code.core.errors import UsageError
from ollama_code.core.events import Notice
from ollama_code.core.text import clean
from ollama_code.frontends.proxy.app import Service, proxy_app
from ollama_code.frontends.proxy.flags import ServeFlags, read_flags, usual_port
from ollama_code.frontends.proxy.greeting import greeting
from ollama_code.frontends.proxy.house import kept_token, serving_of
from ollama_code.frontends.proxy.serve import bound_socket, listening, rules_of
from ollama_code.ports import Emit
from ollama_code.settings.load import Loaded

_ADDRESS = ("OLLAMA_TOOLS_HOST", "OLLAMA_TOOLS_PORT")

_LOGGERS = ("uvicorn", "ollama_code.frontends.proxy")


@dataclass(frozen=True)
class HostedProxy:
    greeting: str
    _stack: AsyncExitStack

    async def close(self) -> None:
        await self._stack.aclose()


async def hosted_proxy(options: Options, household: Household, wish: Wish) -> HostedProxy:
    """On this machine's own address, with a token of its own.
    Raises: UsageError for a port that is taken, settings to mend, or the demo."""
    if options.demo:
        raise UsageError("The demo has a script for a model: there is nothing to serve.")
    flags = _flags(options, wish)
    async with AsyncExitStack() as stack:
        stack.enter_context(_logged_to(household.emit))
        listener = stack.enter_context(bound_socket(flags))
        serving = serving_of(flags)
        told = replace(serving.options, allow=options.allow, deny=options.deny)
        serving = replace(serving, options=told, household=household, govern=_governed)
        backend = await stack.enter_async_context(serving_backend(serving))
        service = Service(backend)
        app = proxy_app(service, rules_of(flags, listener))
        await stack.enter_async_context(listening(app, listener, service.stopping))
        stack.enter_context(kept_token(flags, listener))
        lines = greeting(flags, listener, await backend.walls())
        return HostedProxy(lines, stack.pop_all())


async def _governed(loaded: Loaded, directory: Path) -> Loaded:
    """The person decides what the folder may say, as in a session."""
    return governed(loaded, await FolderTrust(home(), None).of(directory))


@contextmanager
def _logged_to(emit: Emit) -> Iterator[None]:
    """What the proxy would write on the terminal goes to the person instead: there is a screen on it."""
    handler = _Telling(emit)
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    for logger in loggers:
        logger.addHandler(handler)
        logger.propagate = False
    try:
        yield
    finally:
        for logger in loggers:
            logger.propagate = True
            logger.removeHandler(handler)


class _Telling(logging.Handler):
    def __init__(self, emit: Emit) -> None:
        super().__init__(logging.WARNING)
        self._emit = emit

    def emit(self, record: logging.LogRecord) -> None:
        self._emit(Notice(text=clean(self.format(record), visible=True)))


def _flags(options: Options, wish: Wish) -> ServeFlags:
    """Those of the program around it; its own address always, as nobody gave a token."""
    given = {name: value for name, value in os.environ.items() if name not in _ADDRESS}
    return replace(
        read_flags([], given),
        port=usual_port(os.environ) if wish.port is None else wish.port,
        default_model=wish.model or options.model,
        ollama_urls=(options.ollama_url,) if options.ollama_url else (),
        num_ctx=options.num_ctx,
        asks=True,
    )
