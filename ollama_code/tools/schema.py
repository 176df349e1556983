"""The wire form of a tool: a params model reduced to the schema keys that Ollama keeps, in one of three lengths.

Ollama drops every key but type, description, enum, items, properties, required, anyOf, and qwen3-coder's
renderer prints two extra keys of one property in random order; so a property here carries at most one key
beyond `type` and `description`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from functools import cache
from typing import cast

from pydantic import BaseModel, JsonValue
from pydantic.config import JsonDict

from ollama_code.core.head import WireTool

Schema = dict[str, JsonValue]


class Detail(IntEnum):
    """How much of a tool the model is told. `BARE` is names, types and what is required; `SHORT` adds the first line
    of each description; `FULL` is everything."""

    BARE = 0
    SHORT = 1
    FULL = 2

    @property
    def word(self) -> str:
        return self.name.lower()


PLAIN: JsonDict = {"plain": True}
"""For a field whose name says enough: it is described in the full text only (`json_schema_extra=PLAIN`)."""
RARE: JsonDict = {"rare": True}
"""For an optional field that is seldom needed: only the full text has it. It is understood all the same."""


def shown_as(type: str) -> JsonDict:
    """For a field that takes more than the model is told: the model reads `type`."""
    return {"shown_as": type}


def wire_tool(name: str, description: str, params: type[BaseModel], detail: Detail = Detail.FULL) -> WireTool:
    """`{"type": "function", "function": {name, description, parameters}}`, keys in a fixed order."""
    told = told_of(description, detail)
    function: Schema = {
        "name": name,
        **({"description": told} if told else {}),
        "parameters": cast(JsonValue, offered(params, detail)),
    }
    return {"type": "function", "function": function}


def told_of(description: str, detail: Detail) -> str:
    """What is left of a description, on one line: nothing, its first line, or all of it."""
    lines = description.splitlines()
    return " ".join((lines[:0], lines[:1], lines)[detail])


def parameters(params: type[BaseModel]) -> Schema:
    """The object schema that arguments must fit: references inlined, optional unions collapsed, noise dropped."""
    return _flattened(params, None)


def offered(params: type[BaseModel], detail: Detail) -> Schema:
    """The object schema as the model reads it. A field it does not show is taken none the less."""
    return _flattened(params, detail)


def _flattened(params: type[BaseModel], detail: Detail | None) -> Schema:
    raw = _raw(params)
    definitions = cast(Mapping[str, Schema], raw.get("$defs", {}))
    flat = _flat(raw, definitions, detail)
    flat.setdefault("properties", {})
    return flat


@cache
def _raw(params: type[BaseModel]) -> Schema:
    """Read, never changed. Made once: choosing a tier looks at every schema many times."""
    return cast(Schema, params.model_json_schema())


def _flat(node: Schema, definitions: Mapping[str, Schema], detail: Detail | None) -> Schema:
    node = _worded(_one_type(_dereferenced(node, definitions), definitions), detail)
    flat: Schema = {key: node[key] for key in ("type", "description", "enum") if key in node}
    if isinstance(items := node.get("items"), dict):
        flat["items"] = cast(JsonValue, _flat(items, definitions, detail))
    required = cast(list[str], node.get("required") or [])
    if isinstance(properties := node.get("properties"), dict):
        children = cast(dict[str, Schema], properties)
        flat["properties"] = {
            name: cast(JsonValue, _flat(child, definitions, detail))
            for name, child in children.items()
            if name in required or not _is_left_out(child, detail)
        }
    if required:
        flat["required"] = cast(JsonValue, required)
    return flat


def _worded(node: Schema, detail: Detail | None) -> Schema:
    if detail is None:
        return node
    told = told_of(str(node.get("description", "")), detail)
    if detail is not Detail.FULL and "plain" in node:
        told = ""
    shown = {"type": node["shown_as"]} if "shown_as" in node else {}
    rest = {key: value for key, value in node.items() if key != "description"}
    return {**rest, **shown, **({"description": told} if told else {})}


def _is_left_out(node: Schema, detail: Detail | None) -> bool:
    return detail in (Detail.BARE, Detail.SHORT) and "rare" in node


def _dereferenced(node: Schema, definitions: Mapping[str, Schema]) -> Schema:
    if not isinstance(reference := node.get("$ref"), str):
        return node
    target = definitions[reference.rsplit("/", 1)[1]]
    return {**target, **{key: value for key, value in node.items() if key != "$ref"}}


def _one_type(node: Schema, definitions: Mapping[str, Schema]) -> Schema:
    """`anyOf [T, null]` says "optional", which leaving the argument out says too: keep T."""
    choices = [c for c in cast(list[JsonValue], node.get("anyOf", [])) if isinstance(c, dict)]
    some = [choice for choice in choices if choice.get("type") != "null"]
    if len(some) != 1:
        return node
    rest = {key: value for key, value in node.items() if key != "anyOf"}
    return {**_dereferenced(some[0], definitions), **rest}
