"""How models write: their tokens, their calls, and the prompt their template makes of a conversation."""

import json
import re
from collections.abc import Mapping
from typing import cast

from tests.wire.model import Model
from tests.wire.request import ChatRequest, Message
from tests.wire.script import Family

_TOKEN = re.compile(r"<[^<>\n]+>| ?\w{1,6}|.", re.DOTALL)
_JSON_FAMILIES = ("qwen3", "native")


def tokens(text: str) -> list[str]:
    """Cuts text as the model does: a tag, a word of up to six letters with the space before it, or one character.

    Joined again the tokens are the text. Prose comes to about 3.7 characters a token.
    """
    return _TOKEN.findall(text)


def write_call(family: Family, name: str, arguments: Mapping[str, object]) -> str:
    """A call as a model of this family writes it."""
    if family in _JSON_FAMILIES:
        body = json.dumps({"name": name, "arguments": dict(arguments)}, ensure_ascii=False)
        return f"<tool_call>\n{body}\n</tool_call>"
    lines = [f"<tool_call>\n<function={name}>"]
    lines += [f"<parameter={key}>\n{_plain(value)}\n</parameter>" for key, value in arguments.items()]
    return "\n".join([*lines, "</function>\n</tool_call>"])


def render(model: Model, request: ChatRequest, messages: tuple[Message, ...], *, thinking: bool) -> str:
    """The prompt: what the model reads, and what `_debug_render_only` shows."""
    if model.family == "plain":
        return _render_plain(messages)
    return (
        _head(model, request, messages) + _turns(model.family, messages) + _opening(model, thinking=thinking)
    )


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _render_plain(messages: tuple[Message, ...]) -> str:
    merged: list[Message] = []
    for message in messages:
        if merged and merged[-1].role == message.role:
            # Go templates join neighbours of one role and lose the second one's calls.
            merged[-1] = Message(message.role, f"{merged[-1].content}\n\n{message.content}")
        else:
            merged.append(message)
    return "".join(m.content if m.role == "assistant" else f" {m.content}" for m in merged)


def _head(model: Model, request: ChatRequest, messages: tuple[Message, ...]) -> str:
    system = next((message.content for message in messages if message.role == "system"), "")
    if not request.tools:
        return f"<|im_start|>system\n{system}<|im_end|>\n" if system else ""
    as_json = model.family != "qwen3-coder"
    listed = "\n".join(_json_tool(tool) if as_json else _xml_tool(tool) for tool in request.tools)
    tools = f"# Tools\n\nYou have access to the following functions:\n\n<tools>\n{listed}\n</tools>"
    tools += model.tool_instructions
    if as_json:
        body = f"{tools}\n\n{system}" if system else tools
    else:
        before = system or model.tool_preamble
        body = f"{before}\n\n{tools}" if before else tools
    return f"<|im_start|>system\n{body}<|im_end|>\n"


def _json_tool(tool: Mapping[str, object]) -> str:
    return json.dumps(tool, ensure_ascii=False)


def _xml_tool(tool: Mapping[str, object]) -> str:
    function = cast(dict[str, object], tool["function"])
    schema = cast(dict[str, object], function.get("parameters") or {})
    lines = [
        f"<function>\n<name>{function['name']}</name>",
        f"<description>{function.get('description', '')}</description>",
        "<parameters>",
    ]
    for name, raw in cast(dict[str, dict[str, object]], schema.get("properties") or {}).items():
        lines.append(f"<parameter>\n<name>{name}</name>")
        lines += [f"<{key}>{_compact(raw[key])}</{key}>" for key in ("type", "description") if key in raw]
        lines += [
            f"<{key}>{_compact(raw[key])}</{key}>"
            for key in sorted(raw)
            if key not in ("type", "description")
        ]
        lines.append("</parameter>")
    if schema.get("required"):
        lines.append(f"<required>{_compact(schema['required'])}</required>")
    return "\n".join([*lines, "</parameters>\n</function>"])


def _compact(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _turns(family: Family, messages: tuple[Message, ...]) -> str:
    parts: list[str] = []
    in_results = False
    # These templates erase the thinking of past turns as soon as a new user message stands behind it.
    last_user = max((number for number, message in enumerate(messages) if message.role == "user"), default=-1)
    for number, message in enumerate(messages):
        if message.role == "system":
            continue
        if message.role == "tool":
            opener = "" if in_results else "<|im_start|>user\n"
            parts.append(f"{opener}<tool_response>\n{message.content}\n</tool_response>\n")
            in_results = True
            continue
        if in_results:
            parts.append("<|im_end|>\n")
            in_results = False
        body = message.content
        if message.role == "assistant":
            body = _assistant(family, message, thinks=number > last_user)
        image = "[img-0]" * message.images
        parts.append(f"<|im_start|>{message.role}\n{image}{body}<|im_end|>\n")
    return "".join([*parts, "<|im_end|>\n" if in_results else ""])


def _assistant(family: Family, message: Message, *, thinks: bool) -> str:
    parts = [f"<think>\n{message.thinking}\n</think>\n\n"] if message.thinking and thinks else []
    parts.append(message.content)
    for number, call in enumerate(message.calls):
        function = cast(dict[str, object], call["function"])
        arguments = cast(dict[str, object], function.get("arguments") or {})
        parts.append("\n" if message.content or number else "")
        parts.append(write_call(family, str(function["name"]), arguments))
    return "".join(parts)


def _opening(model: Model, *, thinking: bool) -> str:
    opening = "<|im_start|>assistant\n"
    if "thinking" not in model.capabilities:
        return opening
    return opening + ("<think>\n" if thinking else "<think>\n\n</think>\n\n")
