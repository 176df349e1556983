"""Which model, and whether to think: chosen from what the server says. No network here."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from ollama_code.core.errors import ModelMissing, ModelUnclear
from ollama_code.core.head import Think
from ollama_code.core.text import one_line
from ollama_code.ports import ModelInfo, ModelSummary

SUGGESTED = ("qwen3-coder:30b", "qwen3:4b")
"""Models that call tools well: one for a machine with about 24 GB for it, one for a small machine."""
_EMBEDDERS = ("embed", "minilm", "bge-", "paraphrase-")
"""Parts of the names of embedding models, for servers that do not list capabilities."""
_LEVELS_ONLY = ("gptoss", "gpt-oss")
"""Families that know levels of thinking and cannot switch it off."""


def choose_model(wanted: str, last_used: str, installed: Sequence[ModelSummary]) -> str:
    """The name to send. An explicit wish is taken or refused, never replaced; then the model used last; then
    the only sensible one. A model in the cloud is never picked unasked: the code would leave the machine.
    Raises: ModelMissing when the wish, or any model that chats, is not installed; ModelUnclear when several are
    and nothing was said."""
    if wanted.strip():
        return _wished(wanted.strip(), installed)
    chatting = [model for model in installed if _chats(model)]
    if found := _find(last_used, chatting):
        return found
    local = [model for model in chatting if not model.remote]
    candidates = [model for model in local if _calls_tools(model)] or local
    if len(candidates) == 1:
        return candidates[0].name
    if not chatting:
        raise ModelMissing(
            "No model that can chat is installed. Install one, for example with "
            f'"ollama pull {SUGGESTED[0]}", or on a small machine "ollama pull {SUGGESTED[1]}".'
        )
    offered = tuple(model.name for model in candidates or chatting)
    names = ", ".join(map(_shown, offered))
    what = "Several models are installed" if candidates else "Only models in the cloud are set up"
    raise ModelUnclear(f"{what}: {names}. Name the one to use with --model NAME.", offered)


def same_model(name: str, other: str) -> bool:
    """Whether both names mean the same installed model: without a tag it is `latest`, and case does not count."""
    return _key(name) == _key(other)


def names_cloud(name: str) -> bool:
    """Whether the server would pass this name on to the cloud without having it installed."""
    _, _, tag = name.rpartition("/")[2].partition(":")
    return tag == "cloud" or tag.endswith("-cloud")


def think_choices(info: ModelInfo) -> tuple[Think, ...]:
    """How much the model can think, from least to most. Only some families know levels."""
    if not info.thinking:
        return (False,)
    return ("low", "medium", "high") if _knows_levels(info) else (False, True)


def choose_think(info: ModelInfo) -> Think:
    """What `think` says in every request of the session."""
    if not info.thinking:
        return False
    return "medium" if _knows_levels(info) else True


def _knows_levels(info: ModelInfo) -> bool:
    name = info.name.rpartition("/")[2].lower()
    return info.family.lower() in _LEVELS_ONLY or name.startswith(_LEVELS_ONLY)


def _wished(wanted: str, installed: Sequence[ModelSummary]) -> str:
    if found := _find(wanted, installed):
        return found
    if names_cloud(wanted):
        return wanted
    near = _nearest(wanted, installed)
    hint = f" Installed and near it: {', '.join(map(_shown, near))}." if near else ""
    raise ModelMissing(
        f'The model "{_shown(wanted)}" is not installed. Install it with "ollama pull {_shown(wanted)}".{hint}'
    )


def _find(name: str, installed: Sequence[ModelSummary]) -> str:
    """The installed name that `name` means, or nothing. The server takes names without regard to case."""
    if not name:
        return ""
    key = _key(name)
    return next((model.name for model in installed if _key(model.name) == key), "")


def _key(name: str) -> str:
    tagged = ":" in name.rpartition("/")[2]
    return (name if tagged else f"{name}:latest").lower()


def _nearest(wanted: str, installed: Sequence[ModelSummary]) -> list[str]:
    names = [model.name for model in installed]
    base = wanted.partition(":")[0].lower()
    same_base = [name for name in names if name.partition(":")[0].lower() == base]
    alike = difflib.get_close_matches(wanted, names, n=3, cutoff=0.5)
    return list(dict.fromkeys(same_base + alike))[:3]


def _chats(model: ModelSummary) -> bool:
    if model.capabilities:
        return "completion" in model.capabilities
    return not any(part in model.name.lower() for part in _EMBEDDERS)


def _calls_tools(model: ModelSummary) -> bool:
    return not model.capabilities or "tools" in model.capabilities


def _shown(name: str) -> str:
    return one_line(name, limit=80)
