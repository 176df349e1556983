"""What went wrong, before a dialect puts it into its own envelope."""

from __future__ import annotations

from dataclasses import dataclass, field

from ollama_code.core.errors import (
    ContextOverflow,
    ModelMissing,
    ModelUnclear,
    ModelUnfit,
    OllamaCodeError,
    RequestRejected,
    ServerBusy,
    ServerUnreachable,
    SignInNeeded,
)

INVALID = "invalid_request_error"


@dataclass(frozen=True)
class Fault:
    """`status`, `type` and `code` are OpenAI's; another dialect makes its own of them. `retry` tells clients whether
    the same request may help; most retry by status alone otherwise."""

    status: int
    type: str
    message: str
    code: str | None = None
    retry: bool = False
    more_headers: tuple[tuple[str, str], ...] = field(default=())

    def headers(self) -> dict[str, str]:
        return {"x-should-retry": "true" if self.retry else "false", **dict(self.more_headers)}


@dataclass(frozen=True)
class Overflow(Fault):
    """The prompt has `used` tokens and the window holds `window`; 0 where nobody knows. Clients make room by
    themselves when they read the words of their own dialect."""

    used: int = 0
    window: int = 0


class Refused(Exception):
    """A request that is answered with a fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def bad_request(message: str) -> Refused:
    return Refused(Fault(400, INVALID, message))


def fault_of(error: OllamaCodeError) -> Fault:
    """The fault that tells a client about an error of the model or its server."""
    text = error.sentence
    match error:
        case ContextOverflow(prompt_tokens=used, num_ctx=window):
            return Overflow(400, INVALID, text, "context_length_exceeded", used=used, window=window)
        case ModelMissing():
            return Fault(404, "not_found_error", text, "model_not_found")
        case ModelUnclear(names=names):
            text = f"The request names no model, and several are installed: {', '.join(names)}."
            return Fault(400, INVALID, text)
        case ModelUnfit() | RequestRejected():
            return Fault(400, INVALID, text)
        case SignInNeeded():
            return Fault(403, "permission_error", text)
        case ServerBusy():
            return Fault(429, "rate_limit_error", text, "rate_limit_exceeded", True, (("retry-after", "1"),))
        case ServerUnreachable():
            return Fault(503, "server_error", text, retry=True)
        case _:
            return Fault(502, "api_error", text)
