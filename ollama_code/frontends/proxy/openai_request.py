"""The body of `/v1/chat/completions`, read. What we do not know is left out; what we cannot keep is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, ValidationError

from ollama_code.core.head import WireTool
from ollama_code.core.messages import (
    Arguments,
    AssistantMessage,
    Image,
    Message,
    ToolCall,
    ToolMessage,
    UserMessage,
)
from ollama_code.core.text import one_line
from ollama_code.frontends.proxy.asked import Asked, Later
from ollama_code.frontends.proxy.faults import bad_request
from ollama_code.providers.lenient import read_json

_PICTURE = re.compile(r"data:(image/(?:png|jpe?g|webp));base64,([A-Za-z0-9+/=\s]+)")
_HELPER_TOKENS = 64
"""Up to this many tokens with stop sequences is a client's title or classifier, not a chat that wants tools."""


def _finite(value: JsonValue) -> JsonValue:
    """What Python reads beyond JSON could not be sent on. Raises: ValueError."""
    json.dumps(value, allow_nan=False)
    return value


_Json = Annotated[JsonValue, AfterValidator(_finite)]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, allow_inf_nan=False)


class _Url(_Wire):
    url: str


class _Part(_Wire):
    type: str = ""
    text: str = ""
    image_url: _Url | None = None


class _Function(_Wire):
    name: str
    arguments: str | dict[str, _Json] = ""


class _Call(_Wire):
    id: str = ""
    function: _Function


class _Message(_Wire):
    role: str
    content: str | tuple[_Part, ...] | None = None
    name: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    tool_calls: tuple[_Call, ...] | None = None
    tool_call_id: str | None = None


class _StreamOptions(_Wire):
    include_usage: bool | None = None


class _JsonSchema(_Wire):
    given: _Json = Field(default=None, alias="schema")


class _Format(_Wire):
    type: str
    json_schema: _JsonSchema | None = None


class _Named(_Wire):
    name: str


class _Choice(_Wire):
    function: _Named | None = None


class _ToolFunction(_Wire):
    name: str
    description: str | None = None
    parameters: dict[str, _Json] | None = None


class _Tool(_Wire):
    type: str = "function"
    function: _ToolFunction | None = None


_Count = Annotated[int, Field(ge=1)]


class ChatBody(_Wire):
    model: str = ""
    messages: tuple[_Message, ...] = Field(min_length=1)
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    max_tokens: _Count | None = None
    max_completion_tokens: _Count | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: str | tuple[str, ...] | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    tools: tuple[_Tool, ...] | None = None
    functions: tuple[JsonValue, ...] | None = None
    tool_choice: str | _Choice | None = None
    parallel_tool_calls: bool | None = None
    response_format: _Format | None = None
    reasoning_effort: str | None = None
    n: int | None = None

    @property
    def usage_wanted(self) -> bool:
        return bool(self.stream_options and self.stream_options.include_usage)


def read_chat(data: bytes) -> ChatBody:
    """Raises: Refused with what is wrong and where."""
    try:
        body = ChatBody.model_validate_json(data)
    except ValidationError as e:
        error = e.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in error["loc"])
        raise bad_request(f"{place or 'The body'}: {one_line(error['msg'])}") from e
    if body.n not in (None, 1):
        raise bad_request("n: only one answer is given; leave n out.")
    if body.functions:
        raise bad_request("functions: the old form is not supported; use tools.")
    return body


def asked_of(body: ChatBody) -> Asked:
    """Raises: Refused for content that no message of ours can hold."""
    system, messages = _conversation(body.messages)
    max_tokens = body.max_completion_tokens or body.max_tokens
    choice = body.tool_choice
    stops = (body.stop,) if isinstance(body.stop, str) else body.stop or ()
    answer_format = _format(body.response_format)
    helper = max_tokens == 1 or bool(stops and max_tokens and max_tokens <= _HELPER_TOKENS)
    with_calls = any(message.role == "tool" or message.tool_calls for message in body.messages)
    return Asked(
        model=body.model,
        system=system,
        messages=messages,
        tools=_tools(body.tools or (), choice),
        plain=not (body.tools or choice == "none" or answer_format or helper or with_calls),
        max_tokens=max_tokens,
        sampling=_sampling(body, stops),
        format=answer_format,
        effort=body.reasoning_effort or "",
        one_call=body.parallel_tool_calls is False,
    )


def _sampling(body: ChatBody, stops: Sequence[str]) -> dict[str, JsonValue]:
    names = ("temperature", "top_p", "seed", "frequency_penalty", "presence_penalty")
    given: dict[str, JsonValue] = {name: getattr(body, name) for name in names}
    if stops:
        given["stop"] = [*stops]
    return {name: value for name, value in given.items() if value is not None}


def _format(wish: _Format | None) -> JsonValue:
    if wish is None or wish.type == "text":
        return None
    return wish.json_schema.given if wish.json_schema and wish.json_schema.given else "json"


def _tools(tools: Sequence[_Tool], choice: str | _Choice | None) -> tuple[WireTool, ...]:
    """The client's tools. Ollama knows no choice among them: a named one is offered alone, none leaves all out."""
    functions = [tool.function for tool in tools if tool.function is not None]
    if choice == "none":
        return ()
    if isinstance(choice, _Choice) and choice.function is not None:
        functions = [function for function in functions if function.name == choice.function.name]
    return tuple(_wire(function) for function in functions)


def _wire(function: _ToolFunction) -> WireTool:
    nothing: dict[str, JsonValue] = {"type": "object", "properties": {}}
    fields: dict[str, JsonValue] = {
        "name": function.name,
        "description": function.description or "",
        "parameters": function.parameters or nothing,
    }
    return {"type": "function", "function": fields}


def _conversation(given: Sequence[_Message]) -> tuple[str, tuple[Message, ...]]:
    """The system messages that stand first, as one text, and the rest."""
    system: list[str] = []
    messages: list[Message] = []
    later = Later()
    names: dict[str, str] = {}
    for number, message in enumerate(given):
        text, images = _content(message, number)
        match message.role:
            case "system" | "developer":
                (later.hold if messages else system.append)(text)
            case "user":
                messages.append(UserMessage(text=later.join(text), images=images))
            case "assistant":
                calls = tuple(_call(call, number) for call in message.tool_calls or ())
                names |= {call.id: call.name for call in calls}
                thinking = message.reasoning or message.reasoning_content or ""
                messages.append(AssistantMessage(text=text, thinking=thinking, calls=calls))
            case "tool":
                id = message.tool_call_id or ""
                name = message.name or names.get(id, "")
                messages.append(ToolMessage(call_id=id, name=name, text=text, images=images))
            case role:
                raise bad_request(f"messages.{number}.role: {one_line(role, limit=40)} is not known.")
    return "\n\n".join(filter(None, system)), (*messages, *later.rest())


def _content(message: _Message, number: int) -> tuple[str, tuple[Image, ...]]:
    if message.content is None or isinstance(message.content, str):
        return message.content or "", ()
    texts = [part.text for part in message.content if part.text]
    pictures = [part.image_url.url for part in message.content if part.image_url is not None]
    return "\n".join(texts), tuple(_image(url, number) for url in pictures)


def _image(url: str, number: int) -> Image:
    """An address is refused: fetching it would let a client reach into this machine's network."""
    found = _PICTURE.fullmatch(url)
    if found is None:
        raise bad_request(
            f"messages.{number}.content: an image must be a data: address with base64 of PNG, JPEG or WEBP."
        )
    return Image(media_type=found.group(1), data="".join(found.group(2).split()))


def _call(call: _Call, number: int) -> ToolCall:
    return ToolCall(
        id=call.id, name=call.function.name, arguments=_arguments(call.function.arguments, number)
    )


def _arguments(given: str | Arguments, number: int) -> Arguments:
    if isinstance(given, str):
        try:
            value = read_json(given) if given.strip() else {}
        except ValueError:
            value = None
    else:
        value = given
    if not isinstance(value, dict):
        raise bad_request(f"messages.{number}.tool_calls: the arguments are not a JSON object.")
    return value
