"""The installed models, as each dialect lists them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from pydantic import JsonValue

from ollama_code.frontends.proxy.wire import Fields
from ollama_code.ports import ModelSummary


def openai_model(model: ModelSummary) -> Fields:
    owner, slash, _ = model.name.rpartition("/")
    return {
        "id": model.name,
        "object": "model",
        "created": model.modified_s,
        "owned_by": owner if slash else "library",
    }


def openai_list(models: Sequence[ModelSummary]) -> Fields:
    return {"object": "list", "data": [openai_model(model) for model in models]}


def anthropic_model(model: ModelSummary) -> Fields:
    return {
        "type": "model",
        "id": model.name,
        "display_name": model.name,
        "created_at": _time(model),
        "lifecycle": "active",
    }


def anthropic_list(models: Sequence[ModelSummary], query: Mapping[str, str]) -> Fields:
    """One page: the one behind `after_id` or before `before_id`, of at most `limit`."""
    names = [model.name for model in models]
    page = list(models)
    if (after := query.get("after_id")) in names:
        page = page[names.index(after) + 1 :]
    if (before := query.get("before_id")) in names:
        page = page[: names.index(before)]
    limit = query.get("limit", "")
    most = int(limit) if limit.isdecimal() and len(limit) < 5 and int(limit) else 1000
    shown = page[-most:] if before in names else page[:most]
    data: list[JsonValue] = [anthropic_model(model) for model in shown]
    return {
        "data": data,
        "has_more": len(shown) < len(page),
        "first_id": shown[0].name if shown else None,
        "last_id": shown[-1].name if shown else None,
    }


def ollama_list(models: Sequence[ModelSummary]) -> Fields:
    """As `/api/tags` of Ollama has it, without what only the weights are described by."""
    return {"models": [_tag(model) for model in models]}


def _tag(model: ModelSummary) -> Fields:
    return {
        "name": model.name,
        "model": model.name,
        "modified_at": _time(model),
        "size": model.size_bytes,
        "digest": model.digest,
        "details": {"parameter_size": model.parameter_size},
        "capabilities": [*sorted(model.capabilities)],
    }


def _time(model: ModelSummary) -> str:
    return datetime.fromtimestamp(model.modified_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
