"""JSON as both dialects read and write it. A field that we do not know is left out, never refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, SkipValidation, ValidationError

from ollama_code.core.text import one_line
from ollama_code.frontends.proxy.faults import bad_request
from ollama_code.providers.lenient import read_json

Fields = dict[str, JsonValue]


Json = Annotated[JsonValue, SkipValidation]
"""Any value: it came out of JSON, so there is nothing to look for."""
Count = Annotated[int, Field(ge=1)]


class Wire(BaseModel):
    """An object of a request."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, allow_inf_nan=False)


Body = TypeVar("Body", bound=Wire)


def read_as(shape: type[Body], data: bytes) -> Body:
    """Raises: Refused with what is wrong and where."""
    try:
        body = shape.model_validate_json(data)
        if b"NaN" in data or b"Infinity" in data:
            read_json(data)  # what Python reads beyond JSON could not be sent on
        return body
    except ValidationError as e:
        error = e.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in error["loc"])
        raise bad_request(f"{place or 'The body'}: {one_line(error['msg'])}") from e
    except ValueError as e:
        raise bad_request(f"The body: {one_line(str(e))}") from e


def compact(value: Mapping[str, JsonValue]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
