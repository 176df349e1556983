"""A request to search the web: told as a search that failed. Made-up words would be taken for what was found."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator

from pydantic import JsonValue

from ollama_code.core.usage import Usage
from ollama_code.frontends.proxy.anthropic_reply import Answering, event
from ollama_code.frontends.proxy.wire import Fields

_TOLD = "The web cannot be searched here: this server has no search."


def no_search(answering: Answering) -> Fields:
    return answering.message(_content(), "end_turn", Usage(prompt_tokens=answering.prompt_tokens))


async def no_search_stream(answering: Answering) -> AsyncGenerator[bytes, None]:
    usage = Usage(prompt_tokens=answering.prompt_tokens)
    yield event({"type": "message_start", "message": answering.message([], None, usage)})
    for number, block in enumerate(_content()):
        yield event({"type": "content_block_start", "index": number, "content_block": block})
        yield event({"type": "content_block_stop", "index": number})
    ended = answering.message([], "end_turn", usage)
    delta: Fields = {name: ended[name] for name in ("stop_reason", "stop_sequence")}
    yield event({"type": "message_delta", "delta": delta, "usage": ended["usage"]})
    yield event({"type": "message_stop"})


def _content() -> list[JsonValue]:
    id = f"srvtoolu_{secrets.token_hex(12)}"
    error: Fields = {"type": "web_search_tool_result_error", "error_code": "unavailable"}
    return [
        {"type": "server_tool_use", "id": id, "name": "web_search", "input": {}},
        {"type": "web_search_tool_result", "tool_use_id": id, "content": error},
        {"type": "text", "text": _TOLD},
    ]
