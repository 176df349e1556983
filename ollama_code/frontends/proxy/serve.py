"""The server itself: its socket, and uvicorn inside our own loop and signals. What is served is read meanwhile."""

from __future__ import annotations

import asyncio
import gc
import ipaddress
import logging
import os
import socket
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
    suppress,
)
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import uvicorn
from starlette.types import ASGIApp

from ollama_code.core.errors import UsageError
from ollama_code.core.text import clean
from ollama_code.frontends.proxy.connections import Connection
from ollama_code.frontends.proxy.door import Door
from ollama_code.frontends.proxy.flags import ServeFlags, remote_complaint
from ollama_code.frontends.proxy.guard import Rules
from ollama_code.frontends.proxy.reload import run_reloading
from ollama_code.interrupts import cancelled_by_signals

if TYPE_CHECKING:
    from ollama_code.frontends.proxy.house import Opened

_BACKLOG = 128
House = Callable[[ServeFlags, Rules, asyncio.Event], "AbstractAsyncContextManager[Opened]"]
Read = Callable[[], House]
_Address = tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]


def run_proxy(flags: ServeFlags, read: Read) -> int:
    """Serve until a signal comes. `read` imports what is served, which is more than half of the start: it is called
    in a thread while the door is open already. Raises: UsageError for what cannot be served."""
    _look_into(flags.directory, *flags.more_directories)
    with bound_socket(flags) as listener:
        flags = _within_reach(flags, listener)
        if flags.reload:
            return run_reloading(listener, partial(_serve_child, flags, read))
        return _run(flags, read, listener)


def _look_into(*directories: str) -> None:
    """Whoever asks for /health is told that all is well from the first moment: only settings may still be wrong then.
    Raises: UsageError for one that cannot be entered."""
    for directory in map(os.path.realpath, directories):
        try:
            os.close(os.open(directory, getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY))
        except OSError as e:
            reason = (e.strerror or str(e)).lower()
            raise UsageError(f"Cannot work in {directory}: {reason}. Name a folder that exists.") from e


def _serve_child(flags: ServeFlags, read: Read, sockets: list[socket.socket] | None) -> None:
    """The same in the process that `--reload` starts."""
    assert sockets
    _run(flags, read, sockets[0])


def _run(flags: ServeFlags, read: Read, listener: socket.socket) -> int:
    logging.getLogger().setLevel(flags.log_level)
    if flags.log_level == "INFO":
        for noisy in ("httpx", "uvicorn"):  # every request to Ollama, every start and end
            logging.getLogger(noisy).setLevel(logging.WARNING)
    return asyncio.run(_main(flags, read, listener))


async def _main(flags: ServeFlags, read: Read, listener: socket.socket) -> int:
    task = asyncio.current_task()
    assert task is not None
    with cancelled_by_signals(task), suppress(asyncio.CancelledError):  # the only way a server ends
        await _serve(flags, read, listener)
    return 0


async def _serve(flags: ServeFlags, read: Read, listener: socket.socket) -> None:
    stopping = asyncio.Event()
    rules = rules_of(flags, listener)
    door = Door(rules, stopping)
    async with AsyncExitStack() as behind, listening(door, listener, stopping):
        house = await asyncio.to_thread(read)
        opened = await behind.enter_async_context(house(flags, rules, stopping))
        gc.freeze()  # what is here now stays as long as the server: never looked through again, no pause for it
        gc.enable()
        door.open(opened.app)
        with opened.kept_token(listener):
            print(await opened.greeting(listener), flush=True)
            await asyncio.Event().wait()


def address_of(flags: ServeFlags) -> tuple[socket.AddressFamily, _Address]:
    """Where to listen. Raises: UsageError for an address that is unknown, or reached by others without being meant
    so."""
    try:
        found = socket.getaddrinfo(flags.host, flags.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as e:
        raise UsageError(f"--host {clean(flags.host)} is not an address of this machine.") from e
    found.sort(key=lambda one: one[0] != socket.AF_INET)
    family, _, _, _, address = found[0]
    if not _is_loopback(str(address[0])) and (complaint := remote_complaint(flags)):
        raise UsageError(complaint)
    return family, address


@contextmanager
def bound_socket(flags: ServeFlags) -> Iterator[socket.socket]:
    """A socket at the address, not listening yet.
    Raises: UsageError for an address that is taken, unknown, or reached by others without being meant so."""
    family, address = address_of(flags)
    # The protocol is named because asyncio sends without delay only then: 40 ms less for a small answer.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
        except OSError as e:
            raise UsageError(
                f"Cannot listen on {clean(flags.host)} port {flags.port}: {e.strerror}. Choose another port."
            ) from e
        yield listener


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def _is_remote(listener: socket.socket) -> bool:
    return not _is_loopback(str(listener.getsockname()[0]))


def _within_reach(flags: ServeFlags, listener: socket.socket) -> ServeFlags:
    """What others can reach runs no commands that nobody named."""
    if _is_remote(listener) and flags.commands is None and not flags.remote_commands:
        return replace(flags, commands=())
    return flags


def rules_of(flags: ServeFlags, listener: socket.socket) -> Rules:
    port, remote = int(listener.getsockname()[1]), _is_remote(listener)
    own = (flags.host.lower(),) if remote else ()
    return Rules(flags.token, frozenset((*own, *flags.allowed_hosts)), remote, port)


class _Server(uvicorn.Server):
    """Leaves the signals to us, and says when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


@asynccontextmanager
async def listening(
    app: ASGIApp, listener: socket.socket, stopping: asyncio.Event
) -> AsyncGenerator[None, None]:
    """The app answers at `listener` while this is open; at the end `stopping` is set first, so that no stream
    is cut without a word."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        http=Connection,
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        ws="none",
        backlog=_BACKLOG,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    up = asyncio.create_task(server.up.wait())
    try:
        await asyncio.wait({serving, up}, return_when=asyncio.FIRST_COMPLETED)
        yield
    finally:
        up.cancel()
        stopping.set()
        server.should_exit = True
        await serving
