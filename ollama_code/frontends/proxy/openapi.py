"""`GET /openapi.json`: every route as it is, its bodies taken from the very models that read them."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, JsonValue

from ollama_code.core.version import __version__
from ollama_code.frontends.proxy.anthropic_request import CountBody, MessagesBody
from ollama_code.frontends.proxy.openai_request import ChatBody
from ollama_code.frontends.proxy.packing import ACCEPTED

Schema = dict[str, JsonValue]

_JSON = "application/json"
_REFUSALS = {
    "400": "The request is not understood, its prompt does not fit, or the model cannot do what is asked.",
    "401": "The token is missing or wrong.",
    "403": "The request comes from a web page, names another host, or needs an account at Ollama.",
}
_OF_MODELS = {
    "404": "The model is not installed.",
    "500": "The proxy failed inside.",
    "502": "Ollama could not do it.",
    "503": "Ollama does not answer, or the proxy is being stopped.",
}
_OF_BODIES = {
    "408": "The body did not come in time.",
    "413": "The body is too large, packed or not.",
    "415": f"The body is no {_JSON}, or packed with something else than {ACCEPTED}.",
}
_BUSY = {"429": "Too many requests already: send it again in a moment."}
_OVERLOADED = {"529": _BUSY["429"]}


def document(*, metrics: bool = False) -> Schema:
    """OpenAPI 3.1. What a schema allows is taken; failures have the envelope of the caller's dialect."""
    schemas: Schema = {"Error": _one_of("OpenAIError", "AnthropicError"), **_SHAPES}
    chat, messages, count = (_body(model, schemas) for model in (ChatBody, MessagesBody, CountBody))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ollama-code",
            "version": __version__,
            "description": "The models of Ollama, and the seven tools, in OpenAI's and Anthropic's words.",
        },
        "security": [{"bearer": []}],
        "paths": {
            "/": {"get": _hello("Whether anybody is there.")},
            "/api/hello": {"get": _hello("The same.")},
            "/api/tags": {"get": _get("The installed models, as Ollama lists them.", "Tags", _OF_MODELS)},
            "/api/version": {"get": _get("The version of Ollama.", "Version", _OF_MODELS)},
            "/health": {"get": {**_get("Whether the server runs.", "Health"), "security": []}},
            "/openapi.json": {"get": _get("This document.", "Document")},
            **({"/metrics": {"get": _metrics()}} if metrics else {}),
            "/v1/models": {
                "get": {**_get("The installed models.", "Models", _OF_MODELS), "parameters": _PAGE}
            },
            "/v1/models/{name}": {
                "get": {**_get("One of them.", "Model", _OF_MODELS), "parameters": [*_NAME, _VERSION]}
            },
            "/v1/chat/completions": {
                "post": _post("Chat in OpenAI's dialect.", chat, "Completion", _OF_BODIES | _BUSY)
            },
            "/v1/messages": {
                "post": _either_key(
                    _post("Chat in Anthropic's dialect.", messages, "Message", _OF_BODIES | _OVERLOADED)
                )
            },
            "/v1/messages/count_tokens": {
                "post": _either_key(_post("Estimate the tokens of a prompt.", count, "Count", _OF_BODIES))
            },
        },
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
            },
        },
    }


def _body(model: type[BaseModel], schemas: Schema) -> Schema:
    """A reference to the schema of `model`, which joins `schemas` with all that it refers to. Both dialects have a
    `_Message`, so the name of the model stands before those of its parts."""
    name = model.__name__
    schema = model.model_json_schema(ref_template=f"#/components/schemas/{name}{{model}}")
    for part, inner in schema.pop("$defs", {}).items():
        schemas[f"{name}{part}"] = inner
    schemas[name] = schema
    return _ref(name)


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _one_of(*names: str) -> Schema:
    return {"anyOf": [_ref(name) for name in names]}


def _get(summary: str, answer: str, more: dict[str, str] | None = None) -> Schema:
    return {"summary": summary, "responses": _responses(_json(answer), _REFUSALS | (more or {}))}


def _metrics() -> Schema:
    text: Schema = {"text/plain": {"schema": _TEXT}}
    return {"summary": "What was done so far, for Prometheus.", "responses": _responses(text, _REFUSALS)}


def _hello(summary: str) -> Schema:
    return _get(summary, "Hello")


def _post(summary: str, body: Schema, answer: str, more: dict[str, str]) -> Schema:
    content = _json(answer)
    if answer != "Count":
        content["text/event-stream"] = {"schema": _ref("Event")}
    return {
        "summary": summary,
        "requestBody": {"required": True, "content": {_JSON: {"schema": body}}},
        "responses": _responses(content, _REFUSALS | _OF_MODELS | more),
    }


def _either_key(operation: Schema) -> Schema:
    return {**operation, "security": [{"bearer": []}, {"key": []}]}


def _json(name: str) -> Schema:
    return {_JSON: {"schema": _ref(name)}}


def _responses(content: Schema, refusals: Mapping[str, str]) -> Schema:
    told: Schema = {"200": {"description": "Done.", "content": content}}
    for status, why in sorted(refusals.items()):
        told[status] = {"description": why, "content": _json("Error")}
    return told


def _object(**properties: JsonValue) -> Schema:
    return {"type": "object", "properties": properties, "required": [*properties]}


_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "integer"}
_MAYBE_TEXT: Schema = {"type": ["string", "null"]}
_NAME: list[JsonValue] = [{"name": "name", "in": "path", "required": True, "schema": _TEXT}]
_VERSION: Schema = {
    "name": "anthropic-version",
    "in": "header",
    "description": "With it, the answer is in Anthropic's dialect.",
    "schema": _TEXT,
}


def _query(name: str) -> Schema:
    return {"name": name, "in": "query", "schema": _TEXT}


_PAGE: list[JsonValue] = [_VERSION, _query("after_id"), _query("before_id"), _query("limit")]
_SHAPES: Schema = {
    "OpenAIError": _object(
        error=_object(message=_TEXT, type=_TEXT, param={"type": "null"}, code=_MAYBE_TEXT)
    ),
    "AnthropicError": _object(
        type={"const": "error"}, error=_object(type=_TEXT, message=_TEXT), request_id=_TEXT
    ),
    "Event": {"type": "object", "properties": {"event": _TEXT, "data": _TEXT}, "required": ["data"]},
    "Hello": _object(name={"const": "ollama-code"}),
    "Tags": _object(models={"type": "array", "items": _object(name=_TEXT, model=_TEXT, size=_NUMBER)}),
    "Version": _object(version=_TEXT),
    "Health": _object(status={"const": "ok"}),
    "Document": _object(openapi=_TEXT, info={"type": "object"}, paths={"type": "object"}),
    "Models": _object(data={"type": "array", "items": _ref("Model")}),
    "Model": _object(id=_TEXT),
    "Completion": _object(
        id=_TEXT,
        object={"const": "chat.completion"},
        created=_NUMBER,
        model=_TEXT,
        choices={"type": "array", "minItems": 1, "maxItems": 1, "items": {"type": "object"}},
        usage=_object(prompt_tokens=_NUMBER, completion_tokens=_NUMBER, total_tokens=_NUMBER),
    ),
    "Message": _object(
        id=_TEXT,
        type={"const": "message"},
        role={"const": "assistant"},
        model=_TEXT,
        content={"type": "array", "items": {"type": "object"}},
        stop_reason={"enum": ["end_turn", "max_tokens", "tool_use"]},
        usage=_object(input_tokens=_NUMBER, output_tokens=_NUMBER),
    ),
    "Count": _object(input_tokens=_NUMBER),
}
