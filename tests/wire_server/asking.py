"""Asking the wire server as a client would, and reading what came."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from tests.ollama_server import Call, OllamaServer

Line = dict[str, Any]
READ = Call("read_file", {"absolute_path": "/a"})
USER = {"role": "user", "content": "Read the file."}


def chat(server: OllamaServer, *messages: Mapping[str, object], **fields: object) -> list[Line]:
    """The body lines of one chat with the first installed model; any HTTP status."""
    body = {"model": server.models[0], "messages": list(messages) or [USER], **fields}
    answer = httpx.post(f"{server.url}/api/chat", json=body)
    return [json.loads(line) for line in answer.text.splitlines()]


def spoken(lines: Sequence[Line], part: str = "content") -> str:
    """All `content` (or `thinking`) of an answer."""
    return "".join(line["message"].get(part, "") for line in lines if "message" in line)


def calls(lines: Sequence[Line]) -> list[Line]:
    """The `function` part of all calls of an answer."""
    return [call["function"] for line in lines for call in line["message"].get("tool_calls", [])]
