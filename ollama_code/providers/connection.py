"""Connections that stay through minutes of silence: while a model loads or reads, neither side sends anything, and
what stands between two machines forgets such a connection, or the other machine is gone, without a word."""

from __future__ import annotations

import socket
import ssl
from urllib.request import getproxies

from ollama_code.providers.clients import httpx
from ollama_code.providers.gather import GatheringTransport, Road

IDLE_S = 45
"""Routers that share one address, and balancers, forget a connection after a minute or more without a packet."""
_PROBES = 8
"""Unanswered ones until the other side counts as gone: a healthy system answers each, however busy it is."""


def transport(
    url: str, *, trusts_environment: bool, gather_s: float = 0.0
) -> httpx.AsyncBaseTransport | None:
    """For `url` alone. With `gather_s`, what comes in may wait so long to be read together. `None` where a proxy of
    the environment is to be used, which httpx only does with a transport of its own.
    Raises: OSError, ValueError for a certificate file of the environment that cannot be read."""
    if trusts_environment and getproxies():
        return None
    # Reading all certificates of a machine takes 20 ms, and without https nobody needs one: no redirect is followed.
    is_plain = url.startswith("http://")
    if is_plain:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    else:
        context = httpx.create_ssl_context(trust_env=trusts_environment)
    if gather_s or is_plain:
        return GatheringTransport(Road(context, _options(), gather_s))
    return httpx.AsyncHTTPTransport(verify=context, socket_options=_options())


def _options() -> list[tuple[int, int, int]]:
    """Not every system knows each of them; macOS calls the first by another name."""
    names = (
        "TCP_KEEPIDLE" if hasattr(socket, "TCP_KEEPIDLE") else "TCP_KEEPALIVE",
        "TCP_KEEPINTVL",
        "TCP_KEEPCNT",
    )
    values = dict(zip(names, (IDLE_S, IDLE_S, _PROBES), strict=True))
    known = [
        (socket.IPPROTO_TCP, getattr(socket, name), value)
        for name, value in values.items()
        if hasattr(socket, name)
    ]
    return [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), *known]
