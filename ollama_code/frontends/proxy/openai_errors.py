"""OpenAI's envelope for failures."""

from __future__ import annotations

from ollama_code.frontends.proxy.faults import Fault, Overflow
from ollama_code.frontends.proxy.wire import Fields, compact


class OpenAIErrors:
    def status(self, fault: Fault) -> int:
        return fault.status

    def envelope(self, fault: Fault) -> Fields:
        error: Fields = {"message": _message(fault), "type": fault.type, "param": None, "code": fault.code}
        return {"error": error}

    def event(self, envelope: Fields) -> bytes:
        return f"data: {compact(envelope)}\n\n".encode()


def _message(fault: Fault) -> str:
    if isinstance(fault, Overflow) and fault.window:
        holds = f"This model's maximum context length is {fault.window} tokens"
        return f"{holds}, but the messages have about {fault.used}."
    return fault.message
