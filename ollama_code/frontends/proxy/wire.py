"""JSON as both dialects read and write it. A field that we do not know is left out, never refused."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, SkipValidation, ValidationError

from ollama_code.core.text import one_line
from ollama_code.frontends.proxy.faults import bad_request
from ollama_code.providers.lenient import read_json

Fields = dict[str, JsonValue]

Json = Annotated[JsonValue, SkipValidation]
"""Any value: it came out of JSON, so there is nothing to look for."""


def _whole(value: object) -> object:
    """JSON knows no difference between 5 and 5.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Count = Annotated[int, Field(ge=1, le=2**31 - 1), BeforeValidator(_whole)]
Integer = Annotated[int, Field(ge=-(2**63), le=2**63 - 1), BeforeValidator(_whole)]
"""What the server can read."""
Number = Annotated[float, Field(ge=-1e9, le=1e9)]


class Wire(BaseModel):
    """An object of a request."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, allow_inf_nan=False)


Body = TypeVar("Body", bound=Wire)
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
"""May be half a character: clients cut long texts by UTF-16, and would send the same conversation for ever."""
_PLAINLY = {"too_short": "must not be empty"}


def read_as(shape: type[Body], data: bytes) -> Body:
    """Raises: Refused with what is wrong and where."""
    try:
        body = _read(shape, data)
        if b"NaN" in data or b"Infinity" in data:
            read_json(data)  # what Python reads beyond JSON could not be sent on
        return body
    except ValidationError as e:
        error = e.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in error["loc"])
        raise bad_request(
            f"{place or 'The body'}: {one_line(_PLAINLY.get(error['type'], error['msg']))}"
        ) from e
    except ValueError as e:
        raise bad_request(f"The body: {one_line(str(e))}") from e


def _read(shape: type[Body], data: bytes) -> Body:
    try:
        return shape.model_validate_json(data)
    except ValidationError:
        if not _HALF.search(data):
            raise
    return shape.model_validate_json(json.dumps(read_json(data)))


def compact(value: Mapping[str, JsonValue]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
