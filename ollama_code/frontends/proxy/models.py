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
        "created_at": datetime.fromtimestamp(model.modified_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
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
