"""JSON from a server: read so that it can be written again, and taken apart without minding what is new."""

from __future__ import annotations

import json
from math import isfinite
from typing import NoReturn

from pydantic import BaseModel, ConfigDict, JsonValue, model_validator

from ollama_code.core.text import well_formed

DEPTH_LIMIT = 64
"""Levels of lists and objects; deeper ones break readers of the journal, and no tool asks for them."""


class Lenient(BaseModel):
    """A server's object: fields we do not know are ignored, and null, which Go writes for an empty list or
    map, counts as absent."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: object) -> object:
        return {k: v for k, v in value.items() if v is not None} if isinstance(value, dict) else value


def read_json(text: str | bytes) -> JsonValue:
    """The value in `text`, every string in it well-formed, every number finite: what Python reads beyond JSON
    would come out of the journal as something else.
    Raises: ValueError."""
    decoded = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    try:
        value: JsonValue = _DECODER.decode(decoded)
        return value if _is_plain(decoded, text) else _storable(value, DEPTH_LIMIT)
    except RecursionError as e:
        raise ValueError("nested too deep") from e


def _is_plain(decoded: str, text: str | bytes) -> bool:
    """Whether `text` cannot hold what must be changed: this is asked for each piece of an answer. UTF-8 has no lone
    surrogates, so only escapes can spell one."""
    is_utf8 = isinstance(text, bytes) or text.isascii()
    return is_utf8 and "\\u" not in decoded and decoded.count("{") + decoded.count("[") < DEPTH_LIMIT


def _storable(value: JsonValue, levels: int) -> JsonValue:
    if not levels:
        raise ValueError("nested too deep")
    match value:
        case str():
            return well_formed(value)
        case dict():
            return {well_formed(key): _storable(item, levels - 1) for key, item in value.items()}
        case list():
            return [_storable(item, levels - 1) for item in value]
        case _:
            return value


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"{text} is too large")
    return number


_DECODER = json.JSONDecoder(parse_constant=_no_number, parse_float=_finite)
"""Made once: `json.loads` would make one for each piece of an answer."""
