"""The bodies of `/v1/messages` and its `count_tokens`, read. What we do not know is left out, such as the marks for
a cache, which the engine keeps by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, JsonValue, WithJsonSchema

from ollama_code.core.head import WireTool
from ollama_code.core.messages import Message
from ollama_code.core.text import one_line
from ollama_code.frontends.proxy.anthropic_content import (
    Content,
    Part,
    calls_of,
    result_of,
    shown_of,
    text_of,
    thinking_of,
)
from ollama_code.frontends.proxy.asked import Asked
from ollama_code.frontends.proxy.caller import Caller, Signs, ours_may_run
from ollama_code.frontends.proxy.conversation import Conversation
from ollama_code.frontends.proxy.faults import bad_request
from ollama_code.frontends.proxy.offered import offered
from ollama_code.frontends.proxy.wire import Count, Integer, Json, Number, Wire, read_as

Shows = Literal["all", "sealed", "none"]
"""Whether a client sees the thinking: in full, as a signature that only we can read, or not at all."""

_BILLING = "x-anthropic-billing-header"
"""Begins a system block that is for Anthropic's accounts; it differs between sessions and so would cost the cache."""
_SEARCH = "web_search"


class _Message(Wire):
    role: Annotated[str, WithJsonSchema({"enum": ["system", "developer", "user", "assistant"]})]
    content: Content


class _Tool(Wire):
    """A tool of the client has no `type`, or "custom"; the others run at Anthropic's or are known to its models."""

    type: str | None = None
    name: str = ""
    description: str | None = None
    input_schema: dict[str, Json] | None = None
    defer_loading: bool | None = None

    @property
    def is_clients(self) -> bool:
        return self.type in (None, "custom") and not self.defer_loading

    @property
    def searches(self) -> bool:
        return (self.type or "").startswith(_SEARCH)


class _Choice(Wire):
    type: str = "auto"
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class _Thinking(Wire):
    type: str = "disabled"
    display: str | None = None


class _Format(Wire):
    type: str = ""
    given: dict[str, Json] | None = Field(default=None, alias="schema")


class _Output(Wire):
    effort: str | None = None
    format: _Format | None = None


class CountBody(Wire):
    model: str = ""
    messages: tuple[_Message, ...] = Field(min_length=1)
    max_tokens: Count | None = None
    system: Content = ""
    stream: bool | None = None
    temperature: Number | None = None
    top_p: Number | None = None
    top_k: Integer | None = None
    stop_sequences: tuple[str, ...] | None = None
    tools: tuple[_Tool, ...] | None = None
    tool_choice: _Choice | None = None
    thinking: _Thinking | None = None
    output_config: _Output | None = None

    @property
    def shows(self) -> Shows:
        """Who asks for no thinking reads the first block as the answer."""
        if self.thinking is None or self.thinking.type == "disabled":
            return "none"
        return "sealed" if self.thinking.display == "omitted" else "all"

    @property
    def wants_search(self) -> bool:
        """Whether the web is all that the client wants to be used."""
        return bool(self.tools) and all(tool.searches for tool in self.tools or ())


class MessagesBody(CountBody):
    max_tokens: Count


def read_messages(data: bytes) -> MessagesBody:
    """Raises: Refused with what is wrong and where."""
    return read_as(MessagesBody, data)


def read_count(data: bytes) -> CountBody:
    """Raises: Refused with what is wrong and where."""
    return read_as(CountBody, data)


def asked_of(body: CountBody, caller: Caller) -> Asked:
    """Raises: Refused for content that no message of ours can hold."""
    system, messages = _conversation(body)
    choice = body.tool_choice or _Choice()
    answer_format = _format(body.output_config)
    used_tools = any(_uses_tools(message.content) for message in body.messages)
    bound = answer_format is not None or choice.type == "none"
    signs = Signs(bool(body.tools or used_tools), bound, body.max_tokens, bool(body.stop_sequences))
    return Asked(
        model=body.model,
        system=system,
        messages=messages,
        tools=_tools(body.tools or (), choice),
        ours=ours_may_run(signs, caller),
        max_tokens=body.max_tokens,
        sampling=_sampling(body),
        format=answer_format,
        effort=_effort(body),
        one_call=bool(choice.disable_parallel_tool_use),
        must_call=choice.type in ("any", "tool"),
    )


def _uses_tools(content: Content) -> bool:
    return not isinstance(content, str) and any(part.type in ("tool_use", "tool_result") for part in content)


def _sampling(body: CountBody) -> dict[str, JsonValue]:
    stops: JsonValue = [*body.stop_sequences] if body.stop_sequences else None
    given: dict[str, JsonValue] = {
        "temperature": body.temperature,
        "top_p": body.top_p,
        "top_k": body.top_k,
        "stop": stops,
    }
    return {name: value for name, value in given.items() if value is not None}


def _format(output: _Output | None) -> JsonValue:
    wish = output.format if output else None
    return wish.given if wish and wish.type == "json_schema" else None


def _effort(body: CountBody) -> str:
    if body.shows == "none":
        return "none"
    return (body.output_config.effort if body.output_config else None) or ""


def _tools(tools: Sequence[_Tool], choice: _Choice) -> tuple[WireTool, ...]:
    """The client's own. Ollama knows no choice among them: a named one is offered alone, none leaves all out."""
    own = [tool for tool in tools if tool.is_clients and tool.name]
    if choice.type == "none":
        return ()
    if choice.type == "tool":
        own = [tool for tool in own if tool.name == choice.name]
    return tuple(offered(tool.name, tool.description or "", tool.input_schema or {}) for tool in own)


def _conversation(body: CountBody) -> tuple[str, tuple[Message, ...]]:
    talk = Conversation()
    blocks = [body.system] if isinstance(body.system, str) else [(part,) for part in body.system]
    for block in blocks:
        text = text_of(block, "system")
        talk.add_system("" if text.startswith(_BILLING) else text)
    for number, message in enumerate(body.messages):
        _add(talk, message, f"messages.{number}")
    return talk.whole()


def _add(talk: Conversation, message: _Message, place: str) -> None:
    content = message.content
    parts = (Part(type="text", text=content),) if isinstance(content, str) else content
    where = f"{place}.content"
    match message.role:
        case "system" | "developer":
            talk.add_system(text_of(parts, where))
        case "user":
            _add_user(talk, parts, where)
        case "assistant":
            talk.add_assistant(text_of(parts, where), thinking_of(parts), calls_of(parts))
        case role:
            raise bad_request(f"{place}.role: {one_line(role, limit=40)} is not known.")


def _add_user(talk: Conversation, parts: Sequence[Part], where: str) -> None:
    """The results stand first, whatever the order of the blocks: they belong to the calls before them."""
    results = [part for part in parts if part.type == "tool_result"]
    for part in results:
        text, images = result_of(part, where)
        talk.add_result(part.tool_use_id, text, images)
    text, images = shown_of(parts, where)
    if text or images or not results:
        talk.add_user(text, images)
