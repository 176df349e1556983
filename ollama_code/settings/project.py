"""What the settings file of a trusted project may say: it tightens what the person allows, and loosens nothing.

Pure: bytes that were read and digested elsewhere go in, so what was trusted is what holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from pydantic import JsonValue

from ollama_code.core.text import one_line
from ollama_code.settings.jsonc import parse
from ollama_code.settings.layer import Layer, checked, known, leaves
from ollama_code.settings.load import DEFAULT, Loaded
from ollama_code.settings.managed import Added
from ollama_code.settings.model import Settings

_RULES = ("permissions.ask", "permissions.deny", "excludeTools")
ALLOWED = ("model", "maxSteps", *_RULES)
_SPELLED = (*ALLOWED, "tools.exclude")
_TOP_LEVEL = frozenset(key.partition(".")[0] for key in _SPELLED) | {"$schema"}


def tightened(loaded: Loaded, data: bytes, name: str) -> Loaded:
    """The person's settings with what the project's file `name` may add, and a warning for each key it may not.
    Raises: UsageError for a file that cannot be read or a value of the wrong type."""
    tree = parse(data, name)
    own = {key: value for key, value in leaves(tree).items() if key in _SPELLED or key in _TOP_LEVEL}
    layer = known(own, name)
    wished = checked(layer, name)
    return replace(
        loaded,
        settings=_merged(loaded, layer, wished),
        origins={**loaded.origins, **_origins(loaded, layer, name)},
        warnings=(*loaded.warnings, *_refused(tree, name), *_without_effect(loaded, layer, wished, name)),
        project=Added(
            origin=name,
            ask=wished.permissions.ask,
            deny=(*wished.permissions.deny, *(rule for rule in wished.exclude_tools if "(" in rule)),
        ),
    )


def _merged(loaded: Loaded, layer: Layer, wished: Settings) -> Settings:
    settings = loaded.settings
    excluded = (rule for rule in wished.exclude_tools if "(" not in rule)
    changes: dict[str, object] = {"exclude_tools": (*settings.exclude_tools, *excluded)}
    if "model" in layer and not _is_settled(loaded, "model"):
        changes["model"] = wished.model
    if "maxSteps" in layer and not loaded.is_said("maxSteps"):
        changes["max_steps"] = min(settings.max_steps, wished.max_steps)
    return settings.model_copy(update=changes)


def _is_settled(loaded: Loaded, key: str) -> bool:
    return loaded.is_said(key) or loaded.is_held(key)


def _origins(loaded: Loaded, layer: Layer, name: str) -> dict[str, str]:
    """Of what the project sets alone, its file; of the rules, both."""
    origins = {key: name for key in layer if key in _RULES or not _is_settled(loaded, key)}
    for key in _RULES:
        if key in origins and loaded.origins[key] != DEFAULT:
            origins[key] = f"{loaded.origins[key]}, {name}"
    return origins


def _refused(tree: Mapping[str, JsonValue], name: str) -> Iterator[str]:
    """A warning for each key that is not a project's to set, `null` or not."""
    for key, value in tree.items():
        if key not in _TOP_LEVEL:
            yield _told(key, name)
        elif isinstance(value, dict):
            yield from (_told(f"{key}.{inner}", name) for inner in value if f"{key}.{inner}" not in _SPELLED)


def _told(key: str, name: str) -> str:
    spelled = one_line(key, limit=80)
    return f"{name}: {spelled} is not a project's to set; it is ignored."


def _without_effect(loaded: Loaded, layer: Layer, wished: Settings, name: str) -> Iterator[str]:
    for key in _RULES:
        if layer.get(key) == []:
            yield f"{name}: {key} is empty. A project adds rules to yours and takes none away."
    if "maxSteps" in layer and wished.max_steps > loaded.settings.max_steps:
        yield f"{name}: maxSteps is {wished.max_steps}, but a project only lowers yours, {loaded.settings.max_steps}."
