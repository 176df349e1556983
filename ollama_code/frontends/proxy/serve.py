"""The server itself: its socket, uvicorn inside our own loop and signals, and what is printed at the start."""

from __future__ import annotations

import asyncio
import gc
import ipaddress
import logging
import socket
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from ollama_code.bootstrap.options import Options
from ollama_code.bootstrap.serving import Serving, serving_backend
from ollama_code.bootstrap.site import home
from ollama_code.bootstrap.workbench import Bounds
from ollama_code.core.errors import UsageError
from ollama_code.core.text import clean
from ollama_code.frontends.proxy.app import Service, proxy_app
from ollama_code.frontends.proxy.client_settings import NO_KEY
from ollama_code.frontends.proxy.connections import Connection
from ollama_code.frontends.proxy.flags import CLIENTS, ServeFlags, remote_complaint
from ollama_code.frontends.proxy.guard import Rules
from ollama_code.frontends.proxy.metrics import Metrics
from ollama_code.frontends.proxy.reload import run_reloading
from ollama_code.frontends.proxy.watched import watch_for
from ollama_code.interrupts import cancelled_by_signals
from ollama_code.storage.atomic import write_atomic

_BACKLOG = 128
_Address = tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]


def run_proxy(flags: ServeFlags) -> int:
    """Serve until a signal comes. Raises: UsageError before the first request."""
    with bound_socket(flags) as listener:
        flags = _within_reach(flags, listener)
        if flags.reload:
            return run_reloading(listener, partial(_serve_child, flags))
        return _run(flags, listener)


def _serve_child(flags: ServeFlags, sockets: list[socket.socket] | None) -> None:
    """The same in the process that `--reload` starts."""
    assert sockets
    _run(flags, sockets[0])


def _run(flags: ServeFlags, listener: socket.socket) -> int:
    logging.getLogger().setLevel(flags.log_level)
    if flags.log_level == "INFO":
        for noisy in ("httpx", "uvicorn"):  # every request to Ollama, every start and end
            logging.getLogger(noisy).setLevel(logging.WARNING)
    return asyncio.run(_main(flags, listener))


async def _main(flags: ServeFlags, listener: socket.socket) -> int:
    task = asyncio.current_task()
    assert task is not None
    with cancelled_by_signals(task), suppress(asyncio.CancelledError):  # the only way a server ends
        await _serve(flags, listener)
    return 0


async def _serve(flags: ServeFlags, listener: socket.socket) -> None:
    metrics = Metrics() if flags.metrics else None
    serving = serving_of(flags)
    if metrics is not None:
        serving = replace(serving, watch=watch_for(metrics))
    async with serving_backend(serving) as backend:
        service = Service(backend, metrics=metrics)
        app = proxy_app(service, rules_of(flags, listener))
        async with listening(app, listener, service.stopping):
            gc.freeze()  # what is here now stays as long as the server: never looked through again, no pause for it
            gc.enable()
            with kept_token(flags, listener):
                print(greeting(flags, listener, await backend.walls()), flush=True)
                await asyncio.Event().wait()


@contextmanager
def kept_token(flags: ServeFlags, listener: socket.socket) -> Iterator[None]:
    """The token in a file for this user alone, for programs that are started later."""
    if flags.token is None:
        yield
        return
    path = home().token_at(listener.getsockname()[1])
    write_atomic(path, f"{flags.token}\n".encode())
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


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
                f"Cannot listen on {clean(flags.host)} port {flags.port}: {e.strerror}. "
                "Choose another port with --port."
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


def greeting(flags: ServeFlags, listener: socket.socket, walls: str) -> str:
    """What is served, what it may touch and which sandbox holds it, and the lines a client needs."""
    host, port = listener.getsockname()[:2]
    url = url_of(host, port)
    key = NO_KEY if flags.token is None else "<your token>" if flags.token_given else flags.token
    again = f"ollama-code --serve -p {port}" if flags.asks else "the same with"
    lines = [
        f"Serving on {url}",
        *_powers(flags, walls),
        "",
        f"export OPENAI_BASE_URL={url}/v1",
        f"export OPENAI_API_KEY={key}",
        f"export ANTHROPIC_BASE_URL={url}",
        f"export ANTHROPIC_AUTH_TOKEN={key}",
        "",
        f"All that one client needs: {again} --print-env {'|'.join(CLIENTS)}",
    ]
    return clean("\n".join(lines))


def url_of(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _powers(flags: ServeFlags, walls: str) -> Iterator[str]:
    if flags.tools == "never":
        yield "Tools: none of ours; a client's own are passed through"
        return
    places = [flags.directory, *flags.more_directories]
    asking = ", and ask before they change or run anything" if flags.asks else ""
    yield f"Tools: read and write in {', '.join(str(Path(place).resolve()) for place in places)}{asking}"
    match flags.commands:
        case None if flags.asks:
            yield f"Commands: those you say yes to, as you, {walls}"
        case None:
            yield f"Commands: every command, as you, {walls} (--no-commands forbids them)"
        case ():
            yield "Commands: none"
        case prefixes:
            yield f"Commands: only {', '.join(prefixes)}, {walls}"


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
