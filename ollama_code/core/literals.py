"""What the literals of a model's JSON stand for: escapes, surrogates and numbers, of JSON's strings and Python's."""

from __future__ import annotations

import json
import re
from math import isfinite
from typing import NoReturn

from pydantic import JsonValue

from ollama_code.core.text import well_formed

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "/": "/", "\\": "\\", '"': '"', "'": "'"}
_PYTHON_ESCAPES = {"a": "\a", "v": "\v", "0": "\0", "\n": ""}
_CODE_POINT = re.compile(r"u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|U([0-9a-fA-F]{8})")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


class WrittenNumber(float):
    """A number that is written otherwise than Python writes it: where text is wanted, `1.10` stays `1.10`."""

    text: str

    def __new__(cls, text: str) -> WrittenNumber:
        number = super().__new__(cls, text)
        number.text = text
        return number


def unescaped(body: str, *, python: bool) -> str:
    """`body` with its escapes read; an unknown one stays as it is written, as Python has it."""
    if "\\" not in body:
        return body
    pieces: list[str] = []
    at = 0
    while (slash := body.find("\\", at)) >= 0 and slash + 1 < len(body):
        pieces.append(body[at:slash])
        char = body[slash + 1]
        point = _CODE_POINT.match(body, slash + 1)
        at = slash + 2
        if point and (python or char == "u"):
            code = int(point.group(point.lastindex or 1), 16)
            pieces.append(chr(code) if code <= 0x10FFFF else "\ufffd")
            at = point.end()
        elif char in _ESCAPES:
            pieces.append(_ESCAPES[char])
        elif python and char in _PYTHON_ESCAPES:
            pieces.append(_PYTHON_ESCAPES[char])
        else:
            pieces.append("\\" + char)
    return "".join(pieces) + body[at:]


def number_of(token: str) -> int | float:
    """Raises: ValueError for a number no reader of JSON can hold."""
    return int(token) if token.lstrip("-").isdigit() else _float(token)


def _float(token: str) -> float:
    number = float(token)
    if not isfinite(number):
        raise ValueError(f"{token} is too large")
    return number if json.dumps(number) == token else WrittenNumber(token)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _members(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    members = dict(pairs)
    if len(members) < len(pairs) and any(members[key] != value for key, value in pairs):
        raise ValueError("one key with two values")
    return members


STRICT = json.JSONDecoder(
    strict=False, parse_float=_float, parse_constant=_no_number, object_pairs_hook=_members
)
"""Reads JSON as it should be, raw line breaks in strings allowed; a key has one value."""


def joined(value: JsonValue) -> JsonValue:
    """Surrogate pairs joined, lone ones replaced: neither UTF-8 nor a file can hold them."""
    match value:
        case str():
            return _well_formed(value)
        case dict():
            return {_well_formed(key): joined(item) for key, item in value.items()}
        case list():
            return [joined(item) for item in value]
        case _:
            return value


def _well_formed(text: str) -> str:
    joined = _PAIR.sub(lambda pair: pair.group().encode("utf-16", "surrogatepass").decode("utf-16"), text)
    return well_formed(joined)
