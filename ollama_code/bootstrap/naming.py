"""Which installed model a client of the proxy means by the name it sends. No network here."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ollama_code.core.errors import ModelMissing, ModelUnclear
from ollama_code.core.text import one_line
from ollama_code.ports import ModelSummary
from ollama_code.providers.models import names_cloud, same_model

_ELSEWHERE = re.compile(r"(?!gpt-oss)(claude|chatgpt|codex|gemini|gpt)-[^:/]+|o\d(-[^:/]+)?", re.IGNORECASE)
_MOST_NAMED = 20


def is_elsewhere(name: str) -> bool:
    """Whether a model of this name can only be had from its vendor. Coding agents ask for such beside the model they
    were told to use, for titles and summaries."""
    return _ELSEWHERE.fullmatch(name) is not None


def meant(name: str, installed: Sequence[ModelSummary], default: Callable[[], str]) -> str:
    """The model to ask: the one named where it is here, or in Ollama's cloud; the default one for no name, and for
    the name of one that cannot be here. Any other name is a mistake, and is told as one.
    Raises: ModelMissing, and what `default` raises."""
    if not name:
        return default()
    if names_cloud(name) or any(same_model(model.name, name) for model in installed):
        return name
    if not is_elsewhere(name):
        raise ModelMissing(
            f'The model "{_shown(name)}" is not installed: "ollama pull {_shown(name)}" gets it. {_told(installed)}'
        )
    try:
        return default()
    except ModelUnclear as e:
        raise ModelMissing(
            f'The model "{_shown(name)}" is not here, and nothing says which one to take for it: start the proxy '
            f"with --default-model NAME. {_told(installed)}"
        ) from e


def _told(installed: Sequence[ModelSummary]) -> str:
    names = [_shown(model.name) for model in installed]
    if not names:
        return "No model is installed yet."
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"Installed: {', '.join(names[:_MOST_NAMED])}{more}."


def _shown(name: str) -> str:
    return one_line(name, limit=80)
