"""The routes. What is not here is answered 404 in OpenAI's envelope, never with what looks like an answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from ollama_code.bootstrap.serving import Backend
from ollama_code.core.errors import ModelMissing, OllamaCodeError
from ollama_code.frontends.proxy.faults import INVALID, Fault, Refused, fault_of
from ollama_code.frontends.proxy.guard import Guard, Rules, read_body
from ollama_code.frontends.proxy.loop import answer
from ollama_code.frontends.proxy.openai import Completion, error_event, model_object, stream, whole
from ollama_code.frontends.proxy.openai_request import asked_of, read_chat
from ollama_code.frontends.proxy.sse import BROKEN, KEEPALIVE_S, STOPPING, Ended, EventStream, until_gone
from ollama_code.providers.models import same_model

_CLIENT_GONE = 499


@dataclass(frozen=True)
class Service:
    """What the routes work with. Setting `stopping` ends every answer that is being written."""

    backend: Backend
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    keepalive_s: float = KEEPALIVE_S

    async def health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def models(self, request: Request) -> Response:
        installed = await self.backend.provider.installed()
        return JSONResponse({"object": "list", "data": [model_object(model) for model in installed]})

    async def model(self, request: Request) -> Response:
        name = request.path_params["name"]
        for model in await self.backend.provider.installed():
            if same_model(model.name, name):
                return JSONResponse(model_object(model))
        raise ModelMissing(f'The model "{name}" is not installed.')

    async def chat(self, request: Request) -> Response | EventStream:
        body = read_chat(await read_body(request))
        asked = asked_of(body)
        model = await self.backend.model(asked.model)
        pieces = answer(self.backend, model, asked)
        completion = Completion(model.info.name)
        if body.stream:
            events = stream(completion, pieces, include_usage=body.usage_wanted)
            return EventStream(events, completion.keepalive, error_event, self.stopping, self.keepalive_s)
        done = await until_gone(whole(completion, pieces), request.receive, self.stopping)
        match done:
            case Ended(why="gone"):
                return Response(status_code=_CLIENT_GONE)
            case Ended():
                raise Refused(STOPPING)
            case _:
                return JSONResponse(done)


def proxy_app(service: Service, rules: Rules) -> ASGIApp:
    """The whole server, guarded."""
    app = Starlette(
        routes=[
            Route("/health", service.health),
            Route("/v1/models", service.models),
            Route("/v1/models/{name:path}", service.model),
            Route("/v1/chat/completions", service.chat, methods=["POST"]),
        ],
        exception_handlers={
            Refused: _refused,
            OllamaCodeError: _failed,
            HTTPException: _no_route,
            ClientDisconnect: _gone,
            Exception: _broken,
        },
    )
    app.router.redirect_slashes = False
    return Guard(app, rules)


def _told(fault: Fault) -> Response:
    return JSONResponse(fault.envelope(), fault.status, fault.headers())


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return _told(error.fault)


async def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, OllamaCodeError)
    return _told(fault_of(error))


async def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        return _told(Fault(405, INVALID, f"{request.method} is not for {request.url.path}."))
    return _told(Fault(404, "not_found_error", f"There is no {request.url.path} here."))


async def _gone(request: Request, error: Exception) -> Response:
    return Response(status_code=_CLIENT_GONE)


async def _broken(request: Request, error: Exception) -> Response:
    return _told(BROKEN)
