"""Who may talk to the server at all: host, origin, token, kind and size of a body. Whoever reaches the routes
behind it may write files and run commands here."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import re
from dataclasses import dataclass

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from ollama_code.frontends.proxy.dialects import dialect_of, is_messages
from ollama_code.frontends.proxy.faults import INVALID, Fault, Refused
from ollama_code.frontends.proxy.packing import packing

BODY_LIMIT_BYTES = 32 * 1024 * 1024
"""Room for pictures."""
BODY_DEADLINE_S = 30.0
_HOST = re.compile(r"(?:\[(?P<address>[0-9a-f:.]+)\]|(?P<name>[\w.-]+))(?::(?P<port>[0-9]*))?", re.ASCII)
"""What goes beyond it, such as a path, is read as a path by whoever puts an address together from its parts."""
OPEN_PATHS = ("/health",)
"""Need no token and say nothing private."""


@dataclass(frozen=True)
class Rules:
    """`token` is `None` where none is asked for. `hosts` are names allowed beside this machine's own; an address
    is allowed too when `remote`, because a name that was bent to another address is still sent as the name."""

    token: str | None
    hosts: frozenset[str] = frozenset()
    remote: bool = False
    port: int = 0
    """Where this server listens: a Host with another port was meant for another server. 0 takes any."""


class Guard:
    """ASGI middleware before everything else."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self._app = app
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope)
        fault = self._fault(request)
        if fault is None:
            await self._app(scope, receive, send)
        else:
            await dialect_of(request).response(fault)(scope, receive, send)

    def _fault(self, request: Request) -> Fault | None:
        headers = request.headers
        hosts = headers.getlist("host")
        if len(hosts) != 1 or ("content-length" in headers and "transfer-encoding" in headers):
            close = (("connection", "close"),)  # what follows may be read in two ways
            return Fault(
                400, INVALID, "The request names no host, or says two different things.", more_headers=close
            )
        if not self._is_host(hosts[0]):
            return Fault(403, "permission_error", "The Host header names another machine than this one.")
        if "origin" in headers or headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return Fault(403, "permission_error", "Web pages may not use this server.")
        if request.scope["path"] not in OPEN_PATHS and not self._has_token(request):
            said = (
                "The token is missing or wrong. The proxy printed it when it started; send it as the API key."
            )
            more = (("www-authenticate", "Bearer"),)
            return Fault(401, "authentication_error", said, "invalid_api_key", more_headers=more)
        return None

    def _is_host(self, given: str) -> bool:
        found = _HOST.fullmatch(given.strip().lower())
        if found is None:
            return False
        name, port = found["address"] or found["name"], found["port"]
        if name in self._rules.hosts:
            return True  # it may stand for another port: that of a tunnel, or of a server in front
        if self._rules.port and port not in (None, "", str(self._rules.port)):
            return False
        if name == "localhost" or name.endswith(".localhost"):
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or self._rules.remote

    def _has_token(self, request: Request) -> bool:
        """As a bearer; Anthropic's clients may send it in a header of their own."""
        if self._rules.token is None:
            return True
        scheme, _, token = _only(request, "authorization").partition(" ")
        if scheme.lower() == "bearer" and self._is_token(token.strip()):
            return True
        return is_messages(request) and self._is_token(_only(request, "x-api-key"))

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), (self._rules.token or "").encode()) and bool(given)


def _only(request: Request, header: str) -> str:
    """The value of a header that came once, else nothing."""
    given = request.headers.getlist(header)
    return given[0] if len(given) == 1 else ""


async def read_body(request: Request) -> bytes:
    """The body, unpacked. Raises: Refused for one that is not said to be JSON, as the forms of web pages are not, is
    too big, packed or not, is broken, or does not come."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused(Fault(415, INVALID, "The body must be JSON: send content-type application/json."))
    if int(request.headers.get("content-length", "0")) > BODY_LIMIT_BYTES:
        raise Refused(_TOO_BIG)
    body, unpacked = bytearray(), packing(request.headers.get("content-encoding", ""))
    try:
        async with asyncio.timeout(BODY_DEADLINE_S):
            async for piece in request.stream():
                body += unpacked.feed(piece, BODY_LIMIT_BYTES - len(body)) if piece else b""
                if len(body) > BODY_LIMIT_BYTES:
                    raise Refused(_TOO_BIG)
    except TimeoutError as e:
        raise Refused(Fault(408, INVALID, "The body did not come in time.")) from e
    if not unpacked.is_whole:
        raise Refused(Fault(400, INVALID, "The packed body ends too early."))
    return bytes(body)


_TOO_BIG = Fault(413, INVALID, f"The body is larger than {BODY_LIMIT_BYTES // 1024**2} MiB.")
