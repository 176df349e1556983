"""Anthropic's envelope for failures, with its own types and its own status for a server that is too busy."""

from __future__ import annotations

import secrets

from ollama_code.frontends.proxy.faults import INVALID, Fault, Overflow
from ollama_code.frontends.proxy.wire import Fields, compact

_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    529: "overloaded_error",
}
_OVERLOADED = 529
_BUSY = 429


class AnthropicErrors:
    def status(self, fault: Fault) -> int:
        return _OVERLOADED if fault.status == _BUSY else fault.status

    def envelope(self, fault: Fault) -> Fields:
        status = self.status(fault)
        type = _TYPES.get(status, INVALID if status < 500 else "api_error")
        error: Fields = {"type": type, "message": _message(fault)}
        return {"type": "error", "error": error, "request_id": f"req_{secrets.token_hex(12)}"}

    def event(self, envelope: Fields) -> bytes:
        return f"event: error\ndata: {compact(envelope)}\n\n".encode()


def _message(fault: Fault) -> str:
    if not isinstance(fault, Overflow):
        return fault.message
    if not fault.window:
        return f"prompt is too long: {fault.message}"
    return f"prompt is too long: {fault.used} tokens > {fault.window} maximum"
