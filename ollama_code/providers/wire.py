"""The body of `/api/chat` as bytes. Stable: a message has the same bytes in every request, so that the engine
finds what it has already read and reads only what is new."""

from __future__ import annotations

import json
from typing import assert_never

from pydantic import JsonValue

from ollama_code.core.head import Head
from ollama_code.core.messages import AssistantMessage, Image, Message, ToolCall, ToolMessage, UserMessage
from ollama_code.core.text import well_formed
from ollama_code.ports import ChatRequest
from ollama_code.providers.constrain.words import in_words

Fields = dict[str, JsonValue]


def chat_body(request: ChatRequest) -> bytes:
    """The whole body. `truncate` is false because the server otherwise cuts a long prompt without a word;
    `shift` is left out because another value than the loaded one reloads the model; `think` is always said
    because its default differs between models. Thinking goes back with its message, unless the head says that it
    costs more than it buys: most templates keep it inside a tool loop, and a message without it would have to be read
    again."""
    head = request.head
    body: Fields = {
        "model": head.model,
        "messages": [*_system(head.system), *(_message(_told(m, head)) for m in request.messages)],
    }
    if head.tools:
        body["tools"] = [*head.tools]
    body["stream"] = True
    body["truncate"] = False
    body["think"] = head.think if request.think is None else request.think
    body["keep_alive"] = head.keep_alive
    if request.tap:
        body["logprobs"] = True
    if request.format is not None:
        body["format"] = request.format
    window: Fields = {"num_ctx": head.num_ctx, "num_predict": request.num_predict}
    body["options"] = {**request.sampling, **window}
    return _dumped(body)


def prompt_parts(request: ChatRequest) -> list[tuple[str, bytes]]:
    """What the engine reads of `request`, in its order, as (name for people, bytes as sent): an engine that has
    read the same parts before reads only what follows them."""
    head = request.head
    think = head.think if request.think is None else request.think
    front: list[tuple[str, JsonValue]] = [
        ("the model", head.model),
        ("the context window", head.num_ctx),
        ("thinking", think),
        ("the tools", [*head.tools]),
        ("the system text", head.system),
    ]
    said = [
        (f"message {n} ({m.role})", _message(_told(m, head))) for n, m in enumerate(request.messages, start=1)
    ]
    return [(name, _dumped(value)) for name, value in (*front, *said)]


def _dumped(value: JsonValue) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return well_formed(text).encode()


def load_body(model: str, num_ctx: int, keep_alive: str) -> bytes:
    """A chat that only loads the model, with the window that later ones have."""
    body: Fields = {"model": model, "messages": [], "stream": False, "keep_alive": keep_alive}
    return json.dumps(body | {"options": {"num_ctx": num_ctx}}, ensure_ascii=False).encode()


def _system(text: str) -> list[JsonValue]:
    """An empty system message would silence the one of the Modelfile."""
    return [{"role": "system", "content": text}] if text else []


def _told(message: Message, head: Head) -> Message:
    """`message` as this model is told of it."""
    if head.acting == "constrained":
        return in_words(message)
    if isinstance(message, AssistantMessage) and message.thinking and not head.sends_thinking:
        return message.model_copy(update={"thinking": ""})
    return message


def _message(message: Message) -> Fields:
    match message:
        case UserMessage():
            fields: Fields = {"role": "user", "content": message.text}
            return fields | _images(message.images)
        case AssistantMessage():
            return _assistant(message)
        case ToolMessage():
            # Some templates find the call by its id, others by the name: both are sent.
            fields = {"role": "tool", "tool_name": message.name, "tool_call_id": message.call_id}
            return fields | {"content": message.text} | _images(message.images)
        case _:
            assert_never(message)


def _assistant(message: AssistantMessage) -> Fields:
    fields: Fields = {"role": "assistant", "content": message.text}
    if message.thinking:
        fields["thinking"] = message.thinking
    if message.calls:
        fields["tool_calls"] = [_call(index, call) for index, call in enumerate(message.calls)]
    return fields


def _call(index: int, call: ToolCall) -> Fields:
    function: Fields = {"index": index, "name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": function}


def _images(images: tuple[Image, ...]) -> Fields:
    return {"images": [image.data for image in images]} if images else {}
