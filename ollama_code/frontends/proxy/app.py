"""The routes. What is not here is answered 404 in the caller's envelope, never with what looks like an answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ollama_code.bootstrap.serving import Backend
from ollama_code.core.errors import OllamaCodeError
from ollama_code.core.text import one_line
from ollama_code.frontends.proxy import anthropic_reply, anthropic_request, openai_reply, openai_request
from ollama_code.frontends.proxy.anthropic_reply import PING, Answering
from ollama_code.frontends.proxy.asked import Asked
from ollama_code.frontends.proxy.caller import Caller, caller_of
from ollama_code.frontends.proxy.delivery import BROKEN, KEEPALIVE_S, Delivery, as_events, as_object
from ollama_code.frontends.proxy.dialects import ANTHROPIC, OPENAI, Dialect, dialect_of
from ollama_code.frontends.proxy.door import HEALTHY
from ollama_code.frontends.proxy.faults import INVALID, Fault, Refused, fault_of
from ollama_code.frontends.proxy.guard import Guard, Rules, read_body
from ollama_code.frontends.proxy.hearing import Job
from ollama_code.frontends.proxy.learned import Learned
from ollama_code.frontends.proxy.loop import answer, no_search, tools_for
from ollama_code.frontends.proxy.metrics import CONTENT_TYPE, Metrics
from ollama_code.frontends.proxy.mixed import Unseen
from ollama_code.frontends.proxy.models import (
    anthropic_list,
    anthropic_model,
    ollama_list,
    openai_list,
    openai_model,
)
from ollama_code.frontends.proxy.openapi import document
from ollama_code.frontends.proxy.order import ToolOrder
from ollama_code.frontends.proxy.watched import Counted
from ollama_code.frontends.proxy.wire import Fields, compact

_Work = Callable[[], Awaitable[Fields]]
_CLIENT_CHARS = 100
_CLIENT_GONE = 499
_TWICE = "/v1/v1/"


@dataclass(frozen=True)
class Service:
    """What the routes work with. Setting `stopping` ends every answer that is being written."""

    backend: Backend
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    keepalive_s: float = KEEPALIVE_S
    learned: Learned = field(default_factory=Learned)
    order: ToolOrder = field(default_factory=ToolOrder)
    unseen: Unseen = field(default_factory=Unseen)
    metrics: Metrics | None = None
    """Counted and told only where somebody wants them."""

    async def health(self, request: Request) -> Response:
        return JSONResponse(HEALTHY)

    async def hello(self, request: Request) -> Response:
        """Some clients look whether anybody is there before they ask anything."""
        return JSONResponse({"name": "ollama-code"})

    async def openapi(self, request: Request) -> Response:
        return JSONResponse(document(metrics=self.metrics is not None))

    async def numbers(self, request: Request) -> Response:
        assert self.metrics is not None
        servers = self.backend.servers
        gauges = {
            "queue_length": servers.waiting,
            "running_turns": servers.running,
            "open_requests": self.backend.admission.inside,
        }
        return Response(self.metrics.text(gauges), media_type=CONTENT_TYPE)

    async def models(self, request: Request) -> Response:
        installed = await self.backend.servers.installed()
        if dialect_of(request) == ANTHROPIC:
            return JSONResponse(anthropic_list(installed, request.query_params))
        return JSONResponse(openai_list(installed))

    async def model(self, request: Request) -> Response:
        as_told = anthropic_model if dialect_of(request) == ANTHROPIC else openai_model
        return JSONResponse(as_told(await self.backend.listed(request.path_params["name"])))

    async def tags(self, request: Request) -> Response:
        """As Ollama lists them: some clients look there whether it is there, and new enough."""
        return JSONResponse(ollama_list(await self.backend.servers.installed()))

    async def version(self, request: Request) -> Response:
        return JSONResponse({"version": await self.backend.servers.version()})

    async def chat(self, request: Request) -> Delivery:
        body = openai_request.read_chat(await read_body(request))
        job = await self._job(request, openai_request.asked_of(body, self._caller(request)))
        completion = openai_reply.Completion(job.model.info.name)
        if not body.stream:
            return self._whole(OPENAI, partial(openai_reply.whole, completion, answer(job)))
        events = openai_reply.stream(completion, answer(job), include_usage=body.usage_wanted)
        return Delivery(events, as_events(OPENAI, completion.keepalive, self.keepalive_s), self.stopping)

    async def messages(self, request: Request) -> Delivery:
        body = anthropic_request.read_messages(await read_body(request))
        job = await self._job(request, anthropic_request.asked_of(body, self._caller(request)))
        answering = Answering(job.model.info.name, body.shows, _prompt_tokens(job))
        pieces = no_search() if body.wants_search else answer(job)
        if not body.stream:
            return self._whole(ANTHROPIC, partial(anthropic_reply.whole, answering, pieces))
        events = anthropic_reply.stream(answering, pieces)
        return Delivery(events, as_events(ANTHROPIC, PING, self.keepalive_s), self.stopping)

    async def count_tokens(self, request: Request) -> Response:
        """An estimate, and no more: the server cannot count without reading."""
        body = anthropic_request.read_count(await read_body(request))
        job = await self._job(request, anthropic_request.asked_of(body, self._caller(request)))
        return JSONResponse({"input_tokens": _prompt_tokens(job)})

    def _caller(self, request: Request) -> Caller:
        return caller_of(request.headers, self.backend.serving.tools)

    async def _job(self, request: Request, asked: Asked) -> Job:
        asked = replace(asked, tools=self.order.ordered(asked.tools, request.headers))
        client = one_line(request.headers.get("user-agent", ""), limit=_CLIENT_CHARS)
        return replace(await self.job(asked), client=client)

    async def job(self, asked: Asked) -> Job:
        """Raises: ProviderError, ModelUnclear."""
        return Job(self.backend, self.learned, self.unseen, await self.backend.model(asked.model), asked)

    def _whole(self, dialect: Dialect, work: _Work) -> Delivery:
        return Delivery(_encoded(work), as_object(dialect, self.keepalive_s), self.stopping)


async def _encoded(work: _Work) -> AsyncGenerator[bytes, None]:
    yield compact(await work()).encode()


def _prompt_tokens(job: Job) -> int:
    return job.learned.meter(job.head(tools_for(job))).used(job.asked.messages_for(job.model.info))


def proxy_app(service: Service, rules: Rules) -> ASGIApp:
    """The whole server, guarded."""
    app = Starlette(
        routes=[
            Route("/v1/chat/completions", service.chat, methods=["POST"]),
            Route("/v1/messages", service.messages, methods=["POST"]),
            Route("/", service.hello),
            Route("/api/hello", service.hello),
            Route("/api/tags", service.tags),
            Route("/api/version", service.version),
            Route("/health", service.health),
            Route("/openapi.json", service.openapi),
            Route("/v1/models", service.models),
            Route("/v1/models/{name:path}", service.model),
            Route("/v1/messages/count_tokens", service.count_tokens, methods=["POST"]),
            *([Route("/metrics", service.numbers)] if service.metrics else []),
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
    guarded = _OnePrefix(Guard(app, rules))
    if service.metrics is None:
        return guarded
    return Counted(guarded, service.metrics, {route.path for route in app.routes if isinstance(route, Route)})


@dataclass(frozen=True)
class _OnePrefix:
    """Takes `/v1/v1/` for `/v1/`: clients add it to a base address that has it already."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(_TWICE):
            scope = {**scope, "path": scope["path"].removeprefix("/v1")}
        await self.app(scope, receive, send)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return dialect_of(request).response(error.fault)


async def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, OllamaCodeError)
    return dialect_of(request).response(fault_of(error))


async def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    fault = Fault(404, "not_found_error", f"There is no {request.scope['path']} here.")
    if error.status_code == 405:
        fault = replace(
            fault,
            status=405,
            type=INVALID,
            message=f"{request.method} is not for {request.scope['path']}.",
            more_headers=tuple((error.headers or {}).items()),
        )
    return dialect_of(request).response(fault)


async def _gone(request: Request, error: Exception) -> Response:
    return Response(status_code=_CLIENT_GONE)


async def _broken(request: Request, error: Exception) -> Response:
    return dialect_of(request).response(BROKEN)
