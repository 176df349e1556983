"""Arguments as models write them, made to fit a tool's schema, or refused with the reason.

Only spelling and form are mended: names by alias and case, values by the schema's type. A value is never
guessed: two candidates, a word for a number, a missing required argument are errors the model must answer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from pydantic import JsonValue, ValidationError

from ollama_code.core.errors import ToolError
from ollama_code.core.messages import Arguments
from ollama_code.core.results import ErrorType
from ollama_code.tools.base import AnyTool, Params
from ollama_code.tools.schema import Schema, parameters

_ENVELOPES = (
    ("tool_name", "parameters"),
    ("tool", "arguments"),
    ("name", "arguments"),
    ("name", "parameters"),
)
_ABSENT = (None, "null", "None")
_NUMBER = re.compile(r"\s*-?[0-9]{1,18}(?:\.[0-9]{1,18})?\s*")
"""As models write one in quotes, with zeros in front too. Nothing that a tool counts needs more digits."""


@dataclass(frozen=True)
class Fitted:
    """`notes` are sentences for the model about what was dropped."""

    params: Params
    notes: tuple[str, ...] = ()


def fit(tool: AnyTool, arguments: Arguments, defaults: Mapping[str, JsonValue]) -> Fitted:
    """Validated params of `tool`; `defaults` are what the alias that was called stands for.
    Raises: ToolError(INVALID_PARAMS) naming every argument at fault and what was expected."""
    schema = parameters(tool.params)
    named, unknown = _named(_unwrapped(tool.name, arguments, schema), tool, schema)
    values = {**defaults, **_typed(named, schema, tool.name)}
    _require(values, schema, tool.name, unknown)
    notes = (f"Unknown arguments were left out: {', '.join(unknown)}.",) if unknown else ()
    try:
        return Fitted(tool.params.model_validate_json(json.dumps(values, allow_nan=False)), notes)
    except (ValidationError, ValueError) as e:
        raise ToolError(f"{tool.name}: {_faults(e)}", ErrorType.INVALID_PARAMS) from e


def _unwrapped(tool: str, arguments: Arguments, schema: Schema) -> Arguments:
    """The real arguments out of `{"tool": name, "arguments": {...}}`, when the name is this tool's."""
    properties = cast(Schema, schema["properties"])
    for name_key, body_key in _ENVELOPES:
        body = arguments.get(body_key)
        if set(arguments) == {name_key, body_key} and arguments[name_key] == tool and isinstance(body, dict):
            return body if name_key not in properties else arguments
    return arguments


def _named(arguments: Arguments, tool: AnyTool, schema: Schema) -> tuple[Arguments, list[str]]:
    properties = cast(Schema, schema["properties"])
    named: Arguments = {}
    unknown: list[str] = []
    for key, value in arguments.items():
        target = key if key in properties else _target(key, tool, properties)
        if target is None:
            unknown.append(key)
        elif target in named and named[target] != value:
            both = f"{target} and {key} are the same argument with different values"
            raise ToolError(f"{tool.name}: {both}. Send one of them.", ErrorType.INVALID_PARAMS)
        else:
            named[target] = value
    if "path" in unknown and (only := _only_string(schema)) and only not in named:
        unknown.remove("path")
        named[only] = arguments["path"]
    return named, unknown


def _only_string(schema: Schema) -> str:
    """The only required string, for which `path` stands whatever that tool calls it; else empty."""
    properties = cast(dict[str, Schema], schema["properties"])
    required = cast(list[str], schema.get("required", []))
    strings = [name for name in required if properties[name].get("type") == "string"]
    return strings[0] if len(strings) == 1 else ""


def _target(key: str, tool: AnyTool, properties: Schema) -> str | None:
    plain = _plain(key)
    for name in properties:
        if _plain(name) == plain:
            return name
    for alias, name in tool.argument_aliases.items():
        if _plain(alias) == plain:
            return name
    return None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _typed(named: Arguments, schema: Schema, tool: str) -> Arguments:
    properties = cast(dict[str, Schema], schema["properties"])
    required = cast(list[str], schema.get("required", []))
    typed: Arguments = {}
    for name, value in named.items():
        kind = properties[name].get("type")
        if value in _ABSENT and (name not in required or kind != "string" or value is None):
            continue
        typed[name] = coerced(value, properties[name], f"{tool}: {name}")
    return typed


def coerced(value: JsonValue, schema: Schema, where: str) -> JsonValue:
    """`value` in the schema's type. A string parameter is never parsed, whatever it looks like.
    Raises: ToolError(INVALID_PARAMS) when the value has another meaning than the type can hold."""
    kind = schema.get("type")
    match kind:
        case "string" if isinstance(value, (int, float)) and not isinstance(value, bool):
            return json.dumps(value)
        case "integer" | "number":
            return _number(value, kind, where)
        case "boolean" if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        case "array":
            return _array(value, schema, where)
        case "object" if isinstance(value, str):
            return _parsed(value, dict, where)
        case _:
            return value


def _number(value: JsonValue, kind: str, where: str) -> JsonValue:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = float(value) if "." in value else int(value)
    if kind == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _wrong(where, kind, value)
    return value


def _array(value: JsonValue, schema: Schema, where: str) -> JsonValue:
    items = cast(Schema, schema.get("items", {}))
    if isinstance(value, str):
        if value.lstrip().startswith("["):
            value = _parsed(value, list, where)
        elif items.get("type") == "string":
            value = [value]
    if not isinstance(value, list):
        raise _wrong(where, "array", value)
    return [coerced(item, items, where) for item in value]


def _parsed(value: str, kind: type, where: str) -> JsonValue:
    try:
        parsed = json.loads(value)
    except (ValueError, RecursionError) as e:
        raise _wrong(where, kind.__name__, value) from e
    if not isinstance(parsed, kind):
        raise _wrong(where, kind.__name__, value)
    return cast(JsonValue, parsed)


def _wrong(where: str, kind: object, value: JsonValue) -> ToolError:
    given = json.dumps(value, ensure_ascii=False)
    given = given if len(given) <= 60 else given[:57] + "..."
    return ToolError(f"{where} must be of type {kind}, but {given} was given.", ErrorType.INVALID_PARAMS)


def _require(values: Arguments, schema: Schema, tool: str, unknown: list[str]) -> None:
    required = cast(list[str], schema.get("required", []))
    missing = [name for name in required if name not in values]
    if missing:
        extra = f" Unknown arguments: {', '.join(unknown)}." if unknown else ""
        message = f"{tool}: missing required arguments: {', '.join(missing)}.{extra} Call it again with all of them."
        raise ToolError(message, ErrorType.INVALID_PARAMS)


def _faults(error: ValidationError | ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    faults = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" if e["loc"] else e["msg"] for e in error.errors())
    return "; ".join(faults)
