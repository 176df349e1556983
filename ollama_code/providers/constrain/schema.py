"""The schema that binds an answer: one branch for each tool it may call and one for an answer in words."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

Schema = dict[str, JsonValue]

_ANSWER: Schema = {
    "type": "object",
    "properties": {"answer": {"type": "string"}},
    "required": ["answer"],
    "additionalProperties": False,
}


def bound_schema(tools: Mapping[str, Mapping[str, JsonValue]], *, must_call: bool = False) -> Schema:
    """`tools` are the schemas of arguments by the name of the tool; without any, only an answer is left, and with
    `must_call` only calls. What the schema says of an argument beside its form is left out: a grammar is made of it,
    and nobody reads it."""
    branches: list[JsonValue] = [_branch(name, arguments) for name, arguments in tools.items()]
    if branches and must_call:
        return {"anyOf": branches}
    return {"anyOf": [*branches, _ANSWER]} if branches else _ANSWER


def _branch(name: str, arguments: Mapping[str, JsonValue]) -> Schema:
    """The name stands first, because a model that has written it is bound to its arguments."""
    return {
        "type": "object",
        "properties": {"name": {"const": name}, "arguments": _form(arguments)},
        "required": ["name", "arguments"],
        "additionalProperties": False,
    }


def _form(node: Mapping[str, JsonValue]) -> Schema:
    form: Schema = {key: node[key] for key in ("type", "enum", "required") if key in node}
    if isinstance(choices := node.get("anyOf"), list):
        form["anyOf"] = [_form(choice) for choice in choices if isinstance(choice, dict)]
    if isinstance(items := node.get("items"), dict):
        form["items"] = _form(items)
    if isinstance(properties := node.get("properties"), dict):
        form["properties"] = {
            key: _form(child) for key, child in properties.items() if isinstance(child, dict)
        }
        form["additionalProperties"] = False
    return form
