"""The tools of a request: as the server is told of them, and as the recovery ladder needs them."""

from __future__ import annotations

import marshal
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import cast

from pydantic import JsonValue

from ollama_code.core.coercion import Signature
from ollama_code.core.head import WireTool
from ollama_code.providers.recover import Declared, DeclaredTool

Schema = dict[str, JsonValue]

_DEEPEST = 8
"""Levels of a schema; a reference to itself would have no end."""
_MOST_KEPT = 256
_MOST_KEPT_BYTES = 16 * 1024
"""Tools of usual size, of some clients: all of them together take a few megabytes."""
_WITHOUT_REFERENCES = 2
"""The form of `marshal` in which equal values have equal bytes; it tells 1 from true, which `==` does not."""
_PLAIN = {"type", "description"}
_KINDS = ("properties", "items", "anyOf", "enum")


def offered(name: str, description: str, schema: Mapping[str, JsonValue]) -> WireTool:
    """A client's tool in canonical form, the same bytes whatever the order of its keys: one renderer prints a
    property that has two keys beside `type` and `description` in random order, and the engine reads all again.
    What there is no key for is said in the description; what the server drops anyway is left out. Clients send the
    same tools with every request: what comes back is shared between them, and not to be changed."""
    packed = marshal.dumps(dict(schema), _WITHOUT_REFERENCES)
    made = _kept if len(packed) <= _MOST_KEPT_BYTES else _made
    return made(name, description, packed)


def _made(name: str, description: str, packed: bytes) -> WireTool:
    shown = _Canonical(marshal.loads(packed)).parameters()
    function: Schema = {"name": name, "description": description, "parameters": shown}
    return {"type": "function", "function": function}


_kept = lru_cache(maxsize=_MOST_KEPT)(_made)


def declared(tools: Sequence[WireTool], reading: Collection[str] = ()) -> Declared:
    """`reading` are the names of those that change nothing."""
    signatures = [_signature(tool) for tool in tools]
    return Declared(DeclaredTool(one, one.name in reading) for one in signatures)


def argument_schemas(tools: Sequence[WireTool]) -> dict[str, Schema]:
    """The schema of the arguments of each tool, by its name."""
    return {one.name: one.schema for one in map(_signature, tools)}


def _signature(tool: WireTool) -> Signature:
    function = cast(Schema, tool["function"])
    schema = cast(Schema, function["parameters"])
    return Signature(str(function["name"]), schema, open=schema.get("additionalProperties") is not False)


class _Canonical:
    """One schema, its references resolved."""

    def __init__(self, schema: Mapping[str, JsonValue]) -> None:
        self._schema = schema
        self._definitions = {**_objects(schema.get("definitions")), **_objects(schema.get("$defs"))}

    def parameters(self) -> Schema:
        node = self._resolved(self._schema, _DEEPEST)
        properties = self._properties(node, _DEEPEST)
        shown: Schema = {"type": "object", "properties": cast(JsonValue, properties)}
        if required := [name for name in _names(node.get("required")) if name in properties]:
            shown["required"] = cast(JsonValue, required)
        if node.get("additionalProperties") is False:
            shown["additionalProperties"] = False
        return shown

    def _properties(self, node: Schema, levels: int) -> Schema:
        given = node.get("properties")
        if not isinstance(given, dict):
            return {}
        return {name: self._value(child, levels - 1) for name, child in given.items()}

    def _value(self, given: JsonValue, levels: int) -> Schema:
        if not isinstance(given, dict) or levels < 1:
            return {}
        if given.keys() == _PLAIN and isinstance(given["type"], str) and given["description"]:
            return {"type": given["type"], "description": str(given["description"])}
        node = self._resolved(given, levels)
        kind = next((key for key in _KINDS if node.get(key)), "")
        told = [str(node["description"])] if node.get("description") else []
        shown: Schema = {}
        if form := node.get("type") or {"properties": "object", "items": "array"}.get(kind):
            shown["type"] = form
        match kind:
            case "properties":
                inner: JsonValue = self._properties(node, levels)
                told += [f"Required: {', '.join(names)}."] if (names := _names(node.get("required"))) else []
            case "items":
                inner = self._value(node["items"], levels - 1)
            case "anyOf":
                inner = [self._value(choice, levels - 1) for choice in _list(node["anyOf"])]
            case _:
                inner = node.get("enum")
        if kind not in ("", "enum") and node.get("enum"):
            told.append(f"One of: {', '.join(map(str, _list(node['enum'])))}.")
        if told:
            shown["description"] = " ".join(told)
        return {**shown, kind: inner} if kind else shown

    def _resolved(self, given: Mapping[str, JsonValue], levels: int) -> Schema:
        """`given` with its reference followed, its parts put together, and a choice between something and nothing
        taken as something."""
        node: Schema = dict(given)
        for _ in range(levels):
            name = str(node.pop("$ref", "")).rpartition("/")[2]
            if not name:
                break
            node = {**self._definitions.get(name, {}), **node}
        for part in _list(node.pop("allOf", None)):
            if isinstance(part, dict) and levels > 1:
                node = _merged(node, self._resolved(part, levels - 1))
        choices = node.pop("oneOf", None) or node.get("anyOf")
        some = [one for one in _list(choices) if isinstance(one, dict) and one.get("type") != "null"]
        node.pop("anyOf", None)
        if len(some) == 1 and levels > 1:
            node = {**self._resolved(some[0], levels - 1), **node}
        elif some and "type" not in node:
            node["anyOf"] = cast(JsonValue, some)
        if "const" in node:
            node["enum"] = [node["const"]]
        return node


def _merged(one: Schema, other: Schema) -> Schema:
    """Both at once, `one` where they differ."""
    both = {**other, **one}
    if "properties" in one and "properties" in other:
        both["properties"] = {**_objects(other["properties"]), **_objects(one["properties"])}
    if required := [*_names(one.get("required")), *_names(other.get("required"))]:
        both["required"] = [*dict.fromkeys(required)]
    return both


def _objects(value: JsonValue) -> dict[str, Schema]:
    given = value if isinstance(value, dict) else {}
    return {name: one for name, one in given.items() if isinstance(one, dict)}


def _names(value: JsonValue) -> list[str]:
    return [name for name in _list(value) if isinstance(name, str)]


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []
