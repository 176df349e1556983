"""How tools are written for a model: as the JSON of a request, or as lines of text for one that takes none."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, cast

from ollama_code.core.head import WireTool
from ollama_code.tools.base import AnyTool
from ollama_code.tools.schema import Detail, Schema, offered, told_of, wire_tool


@dataclass(frozen=True)
class Told:
    """A tool in as many words as the model gets of it. `beside` is said behind its description."""

    tool: AnyTool
    detail: Detail
    beside: str = ""

    @property
    def description(self) -> str:
        return f"{told_of(self.tool.description, self.detail)} {self.beside}".strip()

    @property
    def wire(self) -> WireTool:
        return wire_tool(self.tool.name, self.description, self.tool.params, self.detail)


class Form(Protocol):
    """`joined` of all `piece`s is, character by character, what the model reads."""

    def piece(self, told: Told) -> str: ...

    def joined(self, pieces: Iterable[str]) -> str: ...


class JsonForm:
    """As the chat templates of models print tools: with a space behind each comma and colon."""

    def piece(self, told: Told) -> str:
        return json.dumps(told.wire)

    def joined(self, pieces: Iterable[str]) -> str:
        return f"[{', '.join(pieces)}]"


class TextForm:
    """One line for a tool, such as `edit(file_path, old_string, new_string, replace_all?: boolean): Replace ...`, and
    at full length one for each described argument."""

    def piece(self, told: Told) -> str:
        schema = offered(told.tool.params, told.detail)
        lines = _lines(told.tool.name, told.description, schema)
        return "\n".join(lines if told.detail is Detail.FULL else lines[:1])

    def joined(self, pieces: Iterable[str]) -> str:
        return "\n".join(pieces)


def in_lines(tool: WireTool) -> str:
    """A tool of somebody else as lines of text, in full."""
    function = cast(Schema, tool["function"])
    schema = cast(Schema, function["parameters"])
    return "\n".join(_lines(str(function["name"]), str(function.get("description", "")), schema))


def _lines(name: str, described: str, schema: Schema) -> tuple[str, ...]:
    return (f"{name}({_parameters(schema)}){': ' if described else ''}{described}", *_notes(schema))


def _parameters(schema: Schema) -> str:
    required = cast(list[str], schema.get("required") or [])
    named = cast(dict[str, Schema], schema.get("properties") or {})
    return ", ".join(_parameter(name, node, name in required) for name, node in named.items())


def _parameter(name: str, node: Schema, required: bool) -> str:
    written = _type(node)
    return f"{name}{'' if required else '?'}{'' if written == 'string' else f': {written}'}"


def _type(node: Schema) -> str:
    if isinstance(choices := node.get("enum"), list):
        return "|".join(map(str, choices))
    if node.get("type") == "array":
        return f"[{_type(cast(Schema, node.get('items') or {}))}]"
    if "properties" in node:
        return f"{{{_parameters(node)}}}"
    return str(node.get("type", "any"))


def _notes(schema: Schema) -> Iterable[str]:
    named = cast(dict[str, Schema], schema.get("properties") or {})
    return (f"  {name}: {node['description']}" for name, node in named.items() if "description" in node)
