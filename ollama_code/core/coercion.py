"""Arguments as models write them, made to fit a tool's schema, or refused with the reason.

Only spelling and form are mended: names by alias and case, values by the schema's type. A value is never
guessed: two candidates, a word for a number, a missing required argument are errors the model must answer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from pydantic import JsonValue

from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.core.literals import WrittenNumber
from ollama_code.core.loose import Broken, whole
from ollama_code.core.messages import Arguments
from ollama_code.core.spelling import bare, plain

Schema = dict[str, JsonValue]

NAME_KEYS = ("name", "tool", "tool_name", "function", "action")
"""Keys under which models write the name of a call."""
ARGUMENT_KEYS = ("arguments", "parameters", "args", "input", "tool_input", "action_input")
"""Keys under which models write the arguments of a call."""
_BESIDE = {"id", "type", "tool_call_id", "call_id", "index"}
_ABSENT = (None, "null", "None")
_NUMBER = re.compile(r"\s*-?[0-9]{1,300}(?:\.[0-9]{1,300})?\s*")
_LOCATION = re.compile(r"path|file|dir|folder|location|target|uri|url")


@dataclass(frozen=True)
class Signature:
    """What a call must fit: `aliases` are other names of arguments, `defaults` what an alias of the tool says."""

    name: str
    schema: Schema
    aliases: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, JsonValue] = field(default_factory=dict)
    open: bool = False
    """Whether arguments that no parameter takes are kept as they are."""

    @property
    def properties(self) -> dict[str, Schema]:
        return cast(dict[str, Schema], self.schema.get("properties") or {})

    @property
    def required(self) -> list[str]:
        return cast(list[str], self.schema.get("required") or [])


@dataclass(frozen=True)
class Fit:
    """`unknown` are the arguments that no parameter takes; they were left out."""

    values: Arguments
    unknown: tuple[str, ...] = ()


def fit_arguments(arguments: Arguments, signature: Signature) -> Fit:
    """`arguments` under the schema's names, in its types.
    Raises: ToolError(INVALID_PARAMS) naming the argument at fault and what was expected."""
    given = _unwrapped(arguments, signature)
    named, unknown = _named(given, signature)
    values = {**signature.defaults, **_typed(named, signature)}
    if signature.open:
        values, unknown = {**values, **{key: given[key] for key in unknown}}, []
    missing = [name for name in signature.required if name not in values]
    if missing:
        extra = f" Unknown arguments: {', '.join(unknown)}." if unknown else ""
        names = ", ".join(missing)
        again = f"{extra} Call it again with all of them."
        raise _invalid(f"{signature.name}: missing required arguments: {names}.{again}")
    return Fit(values, tuple(unknown))


def _unwrapped(arguments: Arguments, signature: Signature) -> Arguments:
    """The real arguments out of `{"tool": name, "arguments": {...}}`, when the name is this tool's."""
    if signature.open and not signature.properties:
        return arguments
    bodies = [key for key in ARGUMENT_KEYS if key in arguments]
    if len(bodies) != 1 or bodies[0] in signature.properties:
        return arguments
    rest = {key: value for key, value in arguments.items() if key != bodies[0] and key not in _BESIDE}
    if rest and not _names(rest, signature):
        return arguments
    body = arguments[bodies[0]]
    if isinstance(body, str):
        try:
            body = whole(body)
        except Broken:
            return arguments
    return body if isinstance(body, dict) else arguments


def _names(rest: Arguments, signature: Signature) -> bool:
    """Whether `rest` is nothing but the name of this very tool."""
    ((key, name), *more) = rest.items()
    spelled = isinstance(name, str) and plain(bare(name)) == plain(signature.name)
    return not more and key in NAME_KEYS and key not in signature.properties and spelled


def _named(arguments: Arguments, signature: Signature) -> tuple[Arguments, list[str]]:
    named: Arguments = {}
    unknown: list[str] = []
    for key, value in arguments.items():
        target = key if key in signature.properties else _target(key, signature)
        if target is None:
            unknown.append(key)
        elif target in named and named[target] != value:
            both = f"{target} and {key} are the same argument with different values"
            raise _invalid(f"{signature.name}: {both}. Send one of them.")
        else:
            named[target] = value
    if not signature.open and "path" in unknown and (only := _only_string(signature)):
        unknown.remove("path")
        rivals = {key: arguments[key] for key in unknown}
        if only in named:
            rivals[only] = named[only]
        _no_rival(arguments["path"], rivals, signature)
        named.setdefault(only, arguments["path"])
    return named, unknown


def _no_rival(path: JsonValue, rivals: Arguments, signature: Signature) -> None:
    """Raises: ToolError when another argument could be what `path` stands for."""
    for key, value in rivals.items():
        if _LOCATION.search(plain(key)) and value != path:
            raise _invalid(
                f"{signature.name}: path and {key} could mean the same argument. Send one of them."
            )


def _only_string(signature: Signature) -> str:
    """The only required string, for which `path` stands whatever that tool calls it; else empty."""
    strings = [name for name in signature.required if signature.properties[name].get("type") == "string"]
    return strings[0] if len(strings) == 1 else ""


def _target(key: str, signature: Signature) -> str | None:
    spelled = plain(key)
    same = [name for name in signature.properties if plain(name) == spelled]
    if same:
        return same[0] if len(same) == 1 else None
    return next((name for alias, name in signature.aliases.items() if plain(alias) == spelled), None)


def _typed(named: Arguments, signature: Signature) -> Arguments:
    typed: Arguments = {}
    for name, value in named.items():
        schema = signature.properties[name]
        kept = name in signature.required and schema.get("type") == "string" and value is not None
        if not kept and (value is None or value in _ABSENT):
            continue
        typed[name] = coerced(value, schema, f"{signature.name}: {name}")
    return typed


def coerced(value: JsonValue, schema: Schema, where: str) -> JsonValue:
    """`value` in the schema's type. A string parameter is never parsed, whatever it looks like.
    Raises: ToolError(INVALID_PARAMS) when the value has another meaning than the type can hold."""
    match schema.get("type"):
        case "string":
            return _string(value, where)
        case "integer" | "number" as kind:
            return _number(value, str(kind), where)
        case "boolean":
            return _boolean(value, where)
        case "array":
            return _array(value, schema, where)
        case "object":
            return _object(value, schema, where)
        case _:
            return value


def _string(value: JsonValue, where: str) -> str:
    if isinstance(value, WrittenNumber):
        return value.text
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return json.dumps(value)
    if not isinstance(value, str):
        raise _wrong(where, "string", value)
    return value


def _number(value: JsonValue, kind: str, where: str) -> JsonValue:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = float(value) if "." in value else int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _wrong(where, kind, value)
    if isinstance(value, float) and kind == "integer":
        if not value.is_integer():
            raise _wrong(where, kind, value)
        return int(value)
    return float(value) if isinstance(value, float) else value


def _boolean(value: JsonValue, where: str) -> bool:
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    if not isinstance(value, bool):
        raise _wrong(where, "boolean", value)
    return value


def _array(value: JsonValue, schema: Schema, where: str) -> JsonValue:
    items = cast(Schema, schema.get("items") or {})
    if isinstance(value, str):
        if value.lstrip().startswith("["):
            value = _parsed(value, list, where)
        elif items.get("type") == "string":
            value = [value]
    if not isinstance(value, list):
        raise _wrong(where, "array", value)
    return [coerced(item, items, f"{where}[{number}]") for number, item in enumerate(value)]


def _object(value: JsonValue, schema: Schema, where: str) -> JsonValue:
    if isinstance(value, str):
        value = _parsed(value, dict, where)
    if not isinstance(value, dict):
        raise _wrong(where, "object", value)
    properties = cast(dict[str, Schema], schema.get("properties") or {})
    missing = [name for name in cast(list[str], schema.get("required") or []) if name not in value]
    if missing:
        raise _invalid(f"{where}: missing {', '.join(missing)}.")
    return {
        key: coerced(item, properties[key], f"{where}.{key}")
        if key in properties and item is not None
        else item
        for key, item in value.items()
    }


def _parsed(value: str, kind: type, where: str) -> JsonValue:
    try:
        parsed = whole(value)
    except Broken as e:
        raise _wrong(where, kind.__name__, value) from e
    if not isinstance(parsed, kind):
        raise _wrong(where, kind.__name__, value)
    return parsed


def _wrong(where: str, kind: str, value: JsonValue) -> ToolError:
    given = json.dumps(value, ensure_ascii=False)
    given = given if len(given) <= 60 else given[:57] + "..."
    return _invalid(f"{where} must be of type {kind}, but {given} was given.")


def _invalid(message: str) -> ToolError:
    return ToolError(message, ErrorType.INVALID_PARAMS)
