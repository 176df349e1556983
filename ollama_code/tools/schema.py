"""The wire form of a tool: a params model reduced to the schema keys that Ollama keeps.

Ollama drops every key but type, description, enum, items, properties, required, anyOf, and qwen3-coder's
renderer prints two extra keys of one property in random order; so a property here carries at most one key
beyond `type` and `description`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from pydantic import BaseModel, JsonValue

from ollama_code.core.head import WireTool

Schema = dict[str, JsonValue]


def wire_tool(name: str, description: str, params: type[BaseModel]) -> WireTool:
    """`{"type": "function", "function": {name, description, parameters}}`, keys in a fixed order."""
    function: Schema = {
        "name": name,
        "description": description,
        "parameters": cast(JsonValue, parameters(params)),
    }
    return {"type": "function", "function": function}


def parameters(params: type[BaseModel]) -> Schema:
    """The object schema of a params model: references inlined, optional unions collapsed, noise dropped."""
    raw = cast(Schema, params.model_json_schema())
    definitions = cast(Mapping[str, Schema], raw.get("$defs", {}))
    flat = _flat(raw, definitions)
    flat.setdefault("properties", {})
    return flat


def _flat(node: Schema, definitions: Mapping[str, Schema]) -> Schema:
    node = _one_type(_dereferenced(node, definitions), definitions)
    flat: Schema = {key: node[key] for key in ("type", "description", "enum") if key in node}
    if isinstance(items := node.get("items"), dict):
        flat["items"] = cast(JsonValue, _flat(items, definitions))
    if isinstance(properties := node.get("properties"), dict):
        flat["properties"] = {
            name: cast(JsonValue, _flat(cast(Schema, child), definitions))
            for name, child in properties.items()
        }
    if required := node.get("required"):
        flat["required"] = required
    return flat


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
