"""The blocks of Anthropic's messages, read. A kind that we do not know is passed over: clients send new ones, and
send back what another server once answered."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import Field, GetJsonSchemaHandler, JsonValue, model_validator
from pydantic_core import CoreSchema

from ollama_code.core.messages import Image, ToolCall
from ollama_code.frontends.proxy.faults import bad_request
from ollama_code.frontends.proxy.pictures import DATA_PATTERN, TYPE_PATTERN, picture
from ollama_code.frontends.proxy.wire import Json, Wire

NOT_READ = "[A document was left out: only documents of plain text can be read.]"
_SEAL = "oc1."
"""Marks a signature that is not one: it holds the thinking that the client did not want to see."""


class _Source(Wire):
    type: str = ""
    media_type: str = ""
    data: str = ""


_KNOWN = frozenset("text image document thinking tool_use tool_result tool_reference".split())


class Part(Wire):
    """One block; which fields are filled depends on `type`, which is empty for a kind that we do not know."""

    type: str = ""
    text: str = ""
    source: _Source | None = None
    thinking: str = ""
    signature: str | None = None
    id: str = ""
    name: str = ""
    input: dict[str, Json] | None = None
    tool_use_id: str = ""
    tool_name: str = ""
    content: Annotated[str | list[Part] | Json, Field(union_mode="left_to_right")] = None
    is_error: bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _only_known(cls, value: object) -> object:
        kind = value.get("type") if isinstance(value, dict) else "text"
        return value if isinstance(kind, str) and kind in _KNOWN else {}

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, JsonValue]:
        """Of a picture all is looked at, of a kind that we do not know nothing."""
        fields: dict[str, JsonValue] = dict(handler.resolve_ref_schema(handler(schema))["properties"])
        picture: dict[str, JsonValue] = {
            "type": {"const": "base64"},
            "media_type": {"type": "string", "pattern": TYPE_PATTERN},
            "data": {"type": "string", "pattern": DATA_PATTERN},
        }
        source: JsonValue = {"type": "object", "properties": picture, "required": [*picture]}
        others: JsonValue = [*sorted(_KNOWN - {"image"})]
        unknown: JsonValue = {"properties": {"type": {"enum": [*sorted(_KNOWN)]}}, "required": ["type"]}
        return {
            "anyOf": [
                _variant({**fields, "type": {"const": "image"}, "source": source}, "type", "source"),
                _variant({**fields, "type": {"enum": others}}, "type"),
                {"type": "object", "not": unknown},
            ]
        }


def _variant(fields: dict[str, JsonValue], *required: str) -> JsonValue:
    return {"type": "object", "properties": fields, "required": [*required]}


Content = str | tuple[Part, ...]


def text_of(content: Content, where: str) -> str:
    """Raises: Refused as `shown_of` does: a picture that nobody looks at is looked through all the same."""
    return content if isinstance(content, str) else shown_of(content, where)[0]


def shown_of(parts: Sequence[Part], where: str) -> tuple[str, tuple[Image, ...]]:
    """Text and pictures. Raises: Refused, naming `where`, for a picture that did not come with the request."""
    pictures = [_picture(part, where) for part in parts if part.type == "image"]
    return "\n\n".join(_texts(parts, where)), tuple(pictures)


def result_of(part: Part, where: str) -> tuple[str, tuple[Image, ...]]:
    """What a tool answered. A failure says so in its first word, because the server has no field for it."""
    inner = part.content
    text, images = (inner, ()) if isinstance(inner, str) else shown_of(_parts(inner), where)
    if part.is_error and not text.lstrip().lower().startswith("error"):
        text = f"Error: {text}"
    return text, images


def calls_of(parts: Iterable[Part]) -> tuple[ToolCall, ...]:
    return tuple(
        ToolCall(id=part.id, name=part.name, arguments=part.input or {})
        for part in parts
        if part.type == "tool_use"
    )


def thinking_of(parts: Iterable[Part]) -> str:
    thoughts = (part.thinking or opened(part.signature or "") for part in parts if part.type == "thinking")
    return "\n\n".join(thought for thought in thoughts if thought)


def sealed(thinking: str) -> str:
    """`thinking` as a signature: the client sends it back, and so the model keeps its thread through a tool loop."""
    return _SEAL + base64.b64encode(thinking.encode("utf-8", "replace")).decode()


def opened(signature: str) -> str:
    """The thinking in a signature of ours, else nothing."""
    if not signature.startswith(_SEAL):
        return ""
    try:
        return base64.b64decode(signature.removeprefix(_SEAL), validate=True).decode("utf-8", "replace")
    except binascii.Error:
        return ""


def _parts(content: object) -> list[Part]:
    return [one for one in content if isinstance(one, Part)] if isinstance(content, list) else []


def _texts(parts: Iterable[Part], where: str) -> list[str]:
    return [text for part in parts if (text := _text(part, where))]


def _text(part: Part, where: str) -> str:
    match part.type:
        case "text":
            return part.text
        case "tool_reference":
            return f"Loaded: {part.tool_name}"
        case "document" if part.source and part.source.type == "text":
            return part.source.data
        case "document":
            return NOT_READ
        case _:
            return ""


def _picture(part: Part, where: str) -> Image:
    source = part.source or _Source()
    if source.type != "base64":
        raise bad_request(f"{where}: an image must come with the request, as base64 of PNG, JPEG or WEBP.")
    return picture(source.media_type, source.data, where)
