"""The routes: which request gets which answer, and the refusals that concern no model."""

import ipaddress
import socket
from collections.abc import Awaitable, Callable

from tests.wire.answer import JSON, NDJSON, STREAM_ERROR_JSON, now_text
from tests.wire.chat import chat
from tests.wire.golang import BadJson, dump_json, load_object
from tests.wire.http import Exchange, Recorded
from tests.wire.request import Refused
from tests.wire.state import Pull, State

Route = Callable[[State, Recorded, Exchange], Awaitable[None]]
MODIFIED_AT = "2026-01-01T00:00:00Z"
_LOCAL_SUFFIXES = (".localhost", ".local", ".internal")


async def dispatch(state: State, recorded: Recorded, exchange: Exchange) -> None:
    """Answers one request."""
    path = recorded.path.partition("?")[0]
    if not _is_local(recorded.headers.get("host", "")):
        await exchange.answer(403, None, b"")
        return
    methods = _ROUTES.get(path)
    if methods is None:
        await exchange.answer(404, "text/plain", b"404 page not found")
        return
    route = methods.get(recorded.method)
    if route is None:
        await exchange.answer(405, "text/plain", b"405 method not allowed")
        return
    try:
        await route(state, recorded, exchange)
    except Refused as refusal:
        await exchange.answer(refusal.status, JSON, dump_json({"error": refusal.detail}))


def _is_local(host: str) -> bool:
    """The server's guard against DNS rebinding."""
    name = host.rsplit(":", 1)[0].strip("[]").lower()
    if name in ("", "localhost", socket.gethostname().lower()) or name.endswith(_LOCAL_SUFFIXES):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_private


async def _root(_state: State, _recorded: Recorded, exchange: Exchange) -> None:
    await exchange.answer(200, "text/plain; charset=utf-8", b"Ollama is running")


async def _version(state: State, _recorded: Recorded, exchange: Exchange) -> None:
    await _json(exchange, {"version": state.version})


async def _status(_state: State, _recorded: Recorded, exchange: Exchange) -> None:
    await _json(exchange, {"cloud": {"disabled": True, "source": "env"}})


async def _tags(state: State, _recorded: Recorded, exchange: Exchange) -> None:
    await _json(exchange, {"models": [model.listed(MODIFIED_AT) for model in state.models.values()]})


async def _ps(state: State, _recorded: Recorded, exchange: Exchange) -> None:
    loaded = [
        engine.model.loaded(now_text(engine.expires_at), engine.num_ctx) for engine in state.engines.loaded()
    ]
    await _json(exchange, {"models": loaded})


async def _show(state: State, recorded: Recorded, exchange: Exchange) -> None:
    await _json(exchange, state.model(_named(recorded)).shown(MODIFIED_AT))


async def _pull(state: State, recorded: Recorded, exchange: Exchange) -> None:
    name = _named(recorded)
    pull = state.pulls.get(name, Pull())
    last = {"status": "success"} if pull.error is None else {"error": pull.error}
    streams = recorded.json().get("stream") is not False
    if streams:
        await exchange.open(200, NDJSON)
        for line in ({"status": "pulling manifest"}, *pull.lines):
            await exchange.send(dump_json(line) + b"\n")
    if pull.hold is not None:
        await pull.hold.passed()
    if pull.installs is not None and pull.error is None:
        state.models[pull.installs.full_name] = pull.installs
    if streams:
        await exchange.send(dump_json(last) + b"\n")
        await exchange.close()
    else:
        await exchange.answer(200 if pull.error is None else 500, STREAM_ERROR_JSON, dump_json(last))


async def _json(exchange: Exchange, body: object) -> None:
    await exchange.answer(200, JSON, dump_json(body))


def _named(recorded: Recorded) -> str:
    """The `model` (older: `name`) of a body. Raises: Refused(400)."""
    try:
        body = load_object(recorded.body)
    except BadJson as error:
        raise Refused(400, str(error)) from error
    name = body.get("model") or body.get("name")
    if not name:
        raise Refused(400, "model is required")
    return str(name)


_ROUTES: dict[str, dict[str, Route]] = {
    "/": {"GET": _root, "HEAD": _root},
    "/api/version": {"GET": _version, "HEAD": _version},
    "/api/status": {"GET": _status},
    "/api/tags": {"GET": _tags, "HEAD": _tags},
    "/api/ps": {"GET": _ps},
    "/api/show": {"POST": _show},
    "/api/pull": {"POST": _pull},
    "/api/chat": {"POST": chat},
}
