"""What is printed when it serves: what it may touch here, and the lines that a client needs."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from pathlib import Path

from ollama_code.core.text import clean
from ollama_code.frontends.proxy.client_settings import NO_KEY
from ollama_code.frontends.proxy.flags import CLIENTS, ServeFlags


def greeting(flags: ServeFlags, listener: socket.socket, walls: str) -> str:
    """What is served, what it may touch and which sandbox holds it, and the lines a client needs."""
    host, port = listener.getsockname()[:2]
    reached = url_of(reached_at(host), port)
    key = NO_KEY if flags.token is None else "<your token>" if flags.token_given else flags.token
    again = f"ollama-code --serve -p {port}" if flags.asks else "the same with"
    lines = [
        f"Serving on {url_of(host, port)}",
        *_powers(flags, walls),
        "",
        f"export OPENAI_BASE_URL={reached}/v1",
        f"export OPENAI_API_KEY={key}",
        f"export ANTHROPIC_BASE_URL={reached}",
        f"export ANTHROPIC_AUTH_TOKEN={key}",
        "",
        f"All that one client needs: {again} --print-env {'|'.join(CLIENTS)}",
    ]
    return clean("\n".join(lines))


def reached_at(host: str) -> str:
    """Where a client on this machine finds a server that listens at this address: every address is none to call."""
    found = ipaddress.ip_address(host.partition("%")[0])
    if not found.is_unspecified:
        return host
    return "::1" if found.version == 6 else "127.0.0.1"


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
