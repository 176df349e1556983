"""The body of `/v1/chat/completions`, read. What we do not know is left out; what we cannot keep is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, JsonValue, WithJsonSchema

from ollama_code.core.head import WireTool
from ollama_code.core.messages import Arguments, Image, Message, ToolCall
from ollama_code.core.text import one_line
from ollama_code.frontends.proxy.asked import Asked
from ollama_code.frontends.proxy.caller import Caller, Signs, ours_may_run
from ollama_code.frontends.proxy.conversation import Conversation
from ollama_code.frontends.proxy.faults import bad_request
from ollama_code.frontends.proxy.offered import offered
from ollama_code.frontends.proxy.pictures import ADDRESS_PATTERN, picture_at
from ollama_code.frontends.proxy.wire import Count, Integer, Json, Number, Wire, read_as
from ollama_code.providers.lenient import read_json

_Role = Annotated[
    str, WithJsonSchema({"enum": ["system", "developer", "user", "assistant", "tool", "function"]})
]
_Old = Annotated[
    tuple[JsonValue, ...] | None, WithJsonSchema({"type": ["array", "null"], "maxItems": 0, "items": {}})
]


class _Url(Wire):
    url: Annotated[str, WithJsonSchema({"type": "string", "pattern": ADDRESS_PATTERN})]


class _Part(Wire):
    type: str = ""
    text: str = ""
    image_url: _Url | None = None


class _Function(Wire):
    name: str
    arguments: str | dict[str, Json] = ""


class _Call(Wire):
    id: str = ""
    function: _Function


class _Message(Wire):
    role: _Role
    content: str | tuple[_Part, ...] | None = None
    name: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    tool_calls: tuple[_Call, ...] | None = None
    tool_call_id: str | None = None


class _StreamOptions(Wire):
    include_usage: bool | None = None


class _JsonSchema(Wire):
    given: dict[str, Json] | None = Field(default=None, alias="schema")


class _Format(Wire):
    type: str
    json_schema: _JsonSchema | None = None


class _Named(Wire):
    name: str


class _Choice(Wire):
    function: _Named | None = None


class _ToolFunction(Wire):
    name: str
    description: str | None = None
    parameters: dict[str, Json] | None = None


class _Tool(Wire):
    type: str = "function"
    function: _ToolFunction | None = None


class _Reasoning(Wire):
    effort: str | None = None


class ChatBody(Wire):
    model: str = ""
    messages: tuple[_Message, ...] = Field(min_length=1)
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    max_tokens: Count | None = None
    max_completion_tokens: Count | None = None
    temperature: Number | None = None
    top_p: Number | None = None
    seed: Integer | None = None
    stop: str | tuple[str, ...] | None = None
    frequency_penalty: Number | None = None
    presence_penalty: Number | None = None
    tools: tuple[_Tool, ...] | None = None
    functions: _Old = None
    tool_choice: str | _Choice | None = None
    parallel_tool_calls: bool | None = None
    response_format: _Format | None = None
    reasoning_effort: str | None = None
    reasoning: _Reasoning | None = None
    n: Literal[1] | None = None

    @property
    def usage_wanted(self) -> bool:
        return bool(self.stream_options and self.stream_options.include_usage)


def read_chat(data: bytes) -> ChatBody:
    """Raises: Refused with what is wrong and where."""
    body = read_as(ChatBody, data)
    if body.functions:
        raise bad_request("functions: the old form is not supported; use tools.")
    return body


def asked_of(body: ChatBody, caller: Caller) -> Asked:
    """Raises: Refused for content that no message of ours can hold."""
    system, messages = _conversation(body.messages)
    max_tokens = body.max_completion_tokens or body.max_tokens
    choice = body.tool_choice
    stops = (body.stop,) if isinstance(body.stop, str) else body.stop or ()
    answer_format = _format(body.response_format)
    used_tools = any(message.role == "tool" or message.tool_calls for message in body.messages)
    bound = answer_format is not None or choice == "none"
    signs = Signs(bool(body.tools or used_tools), bound, max_tokens, bool(stops))
    return Asked(
        model=body.model,
        system=system,
        messages=messages,
        tools=_tools(body.tools or (), choice),
        ours=ours_may_run(signs, caller),
        max_tokens=max_tokens,
        sampling=_sampling(body, stops),
        format=answer_format,
        effort=body.reasoning_effort or (body.reasoning.effort if body.reasoning else "") or "",
        one_call=body.parallel_tool_calls is False,
        must_call=choice == "required" or _named(choice) is not None,
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
    if name := _named(choice):
        functions = [function for function in functions if function.name == name]
    return tuple(offered(one.name, one.description or "", one.parameters or {}) for one in functions)


def _named(choice: str | _Choice | None) -> str | None:
    return choice.function.name if isinstance(choice, _Choice) and choice.function else None


def _conversation(given: Sequence[_Message]) -> tuple[str, tuple[Message, ...]]:
    """The system messages that stand first, as one text, and the rest."""
    talk = Conversation()
    for number, message in enumerate(given):
        text, images = _content(message, number)
        match message.role:
            case "system" | "developer":
                talk.add_system(text)
            case "user":
                talk.add_user(text, images)
            case "assistant":
                calls = tuple(_call(call) for call in message.tool_calls or ())
                talk.add_assistant(text, message.reasoning or message.reasoning_content or "", calls)
            case "tool" | "function":
                talk.add_result(message.tool_call_id or "", text, images, message.name or "")
            case role:
                raise bad_request(f"messages.{number}.role: {one_line(role, limit=40)} is not known.")
    return talk.whole()


def _content(message: _Message, number: int) -> tuple[str, tuple[Image, ...]]:
    if message.content is None or isinstance(message.content, str):
        return message.content or "", ()
    texts = [part.text for part in message.content if part.text]
    pictures = [part.image_url.url for part in message.content if part.image_url is not None]
    return "\n".join(texts), tuple(picture_at(url, f"messages.{number}.content") for url in pictures)


def _call(call: _Call) -> ToolCall:
    return ToolCall(id=call.id, name=call.function.name, arguments=_arguments(call.function.arguments))


def _arguments(given: str | Arguments) -> Arguments:
    """What is no object, as models write it, goes back to the model under a name: refused, it would end the session,
    because clients send all that was said with every request."""
    if not isinstance(given, str):
        return given
    try:
        value = read_json(given) if given.strip() else {}
    except ValueError:
        value = given
    return value if isinstance(value, dict) else {"arguments": value}
