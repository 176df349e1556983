"""Which dialect a request speaks, and how that dialect tells a failure, in an answer or in the middle of a stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response

from ollama_code.frontends.proxy import anthropic_errors, openai_errors
from ollama_code.frontends.proxy.faults import Fault
from ollama_code.frontends.proxy.wire import Fields, compact

MESSAGES = "/v1/messages"


class _Errors(Protocol):
    def status(self, fault: Fault) -> int: ...
    def envelope(self, fault: Fault) -> Fields: ...
    def event(self, envelope: Fields) -> bytes: ...


@dataclass(frozen=True)
class Dialect:
    """One of the two below."""

    name: str
    _errors: _Errors

    def response(self, fault: Fault) -> Response:
        envelope = self._errors.envelope(fault)
        return JSONResponse(envelope, self._errors.status(fault), {**fault.headers(), **_id(envelope)})

    def body(self, fault: Fault) -> bytes:
        """What stands for an answer whose status was already sent."""
        return compact(self._errors.envelope(fault)).encode()

    def event(self, fault: Fault) -> bytes:
        """The last event of a stream that fails."""
        return self._errors.event(self._errors.envelope(fault))


OPENAI = Dialect("openai", openai_errors.OpenAIErrors())
ANTHROPIC = Dialect("anthropic", anthropic_errors.AnthropicErrors())


def dialect_of(request: HTTPConnection) -> Dialect:
    """By the path, and by the header that only Anthropic's clients send."""
    own = is_messages(request) or "anthropic-version" in request.headers
    return ANTHROPIC if own else OPENAI


def is_messages(request: HTTPConnection) -> bool:
    path: str = request.scope["path"]
    return path == MESSAGES or path.startswith(f"{MESSAGES}/")


def _id(envelope: Fields) -> dict[str, str]:
    id = envelope.get("request_id")
    return {"request-id": id} if isinstance(id, str) else {}
