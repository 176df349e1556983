"""The installed models that can be talked to, as the picker shows them."""

from __future__ import annotations

from collections.abc import Iterable

from ollama_code.frontends.tui.dialogs.picker import ModelRow
from ollama_code.ports import ModelSummary


def model_rows(models: Iterable[ModelSummary], current: str = "") -> list[ModelRow]:
    """`current` is the one in use. A server that names no capabilities leaves all of them open."""
    return [
        _row(model, current)
        for model in models
        if not model.capabilities or "completion" in model.capabilities
    ]


def _row(model: ModelSummary, current: str) -> ModelRow:
    able = tuple(sorted(model.capabilities - {"completion"}))
    return ModelRow(
        name=model.name,
        size_bytes=model.size_bytes,
        parameter_size=model.parameter_size,
        capabilities=able,
        remote=model.remote,
        current=model.name == current,
        warning="no tools" if model.capabilities and "tools" not in able else "",
    )
