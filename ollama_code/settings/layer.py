"""Settings as a file has them: values by dotted key, each under its one true name, checked against the model."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from pydantic import JsonValue, ValidationError

from ollama_code.core.errors import UsageError
from ollama_code.core.text import one_line
from ollama_code.settings.model import AS_OBJECT, AS_TEXT, Settings, keys

Layer = dict[str, JsonValue]
"""Values by dotted key."""

SECRETS = ("ollama.apiKey", "ollama.headers")
_SYNONYMS = {"tools.core": "coreTools", "tools.exclude": "excludeTools"}
_KEYS = frozenset(keys())
_SECTIONS = frozenset(key.rpartition(".")[0] for key in (*_KEYS, *_SYNONYMS)) - {""}
_EXPECTED = {
    "string_type": "a text in double quotes",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "tuple_type": "a list in square brackets",
    "dict_type": "an object in braces",
    "string_pattern_mismatch": "a text of one line",
    "missing": "written, as a text in double quotes",
    "extra_forbidden": "left out: only rule, match and notMatch stand there",
}


def leaves(tree: Mapping[str, JsonValue], prefix: str = "") -> Layer:
    """The tree by dotted key, down to the values. `null` counts as not written."""
    found: Layer = {}
    for name, value in tree.items():
        path = prefix + name
        if path in _SECTIONS and isinstance(value, dict):
            found |= leaves(value, path + ".")
        elif value is not None and path != "$schema":
            found[path] = value
    return found


def known(written: Layer, name: str) -> Layer:
    """The leaves that are settings, each under its one true key.
    Raises: UsageError for a section that is none, or a key under two names."""
    found: Layer = {}
    for path, value in written.items():
        key = _SYNONYMS.get(path, path)
        if path in _SECTIONS:
            raise UsageError(f"{name}: {path} is {_spoken(value)}, but must be an object in braces.")
        if key in found:
            raise UsageError(f"{name}: {key} is also written under its other name. Keep one of the two.")
        if key in _KEYS:
            found[key] = value
    return found


def unknown(written: Layer, name: str) -> Iterator[str]:
    """A warning for each leaf that is no setting."""
    for path in written:
        if path not in _KEYS and path not in _SYNONYMS:
            nearest = _nearest(path)
            advice = f" Did you mean {nearest}?" if nearest else ""
            yield f"{name}: there is no setting {one_line(path, limit=80)}; it is ignored.{advice}"


def _nearest(path: str) -> str | None:
    """The key most like `path`, or most like its last part: settings of other agents nest differently."""
    by_name = {key.lower(): key for key in _KEYS} | {key.rpartition(".")[2].lower(): key for key in _KEYS}
    plain = path.replace("_", "").replace("-", "").lower()
    for wanted in (plain, plain.rpartition(".")[2]):
        for found in get_close_matches(wanted, by_name, n=1, cutoff=0.75):
            return by_name[found]
    return None


def checked(layer: Layer, origin: str) -> Settings:
    """The settings that `layer` makes. Raises: UsageError naming `origin`, the key and what is expected."""
    tree: dict[str, JsonValue] = {}
    for path, value in layer.items():
        section, _, name = path.rpartition(".")
        inner = tree.setdefault(section, {}) if section else tree
        assert isinstance(inner, dict), "sections are one level deep"
        inner[name] = value
    try:
        return Settings.model_validate_json(json.dumps(tree))
    except ValidationError as e:
        raise UsageError(f"{origin}: {_complaint(e)}") from e


def _complaint(refusal: ValidationError) -> str:
    """What was given, unless it may be a secret, and what is expected."""
    error = refusal.errors()[0]
    parts = [part for part in error["loc"] if part not in (AS_TEXT, AS_OBJECT)]
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)[1:]
    context = error.get("ctx", {})
    match error["type"]:
        case "value_error":
            expected = str(context["error"])
        case "enum":
            expected = f"one of {context['expected']}"
        case "greater_than_equal":
            expected = f"a whole number of at least {context['ge']}"
        case "json_invalid":
            return "the value is not UTF-8 text. Write it again."
        case kind:
            expected = _EXPECTED.get(kind, error["msg"])
    missing = error["type"] == "missing"
    given = "not usable" if path.startswith(SECRETS) else "missing" if missing else _spoken(error["input"])
    return f"{path} is {given}, but must be {expected}."


def _spoken(value: object) -> str:
    match value:
        case bool() | int() | float() | str():
            return one_line(json.dumps(value, ensure_ascii=False), limit=60)
        case list():
            return "a list"
        case _:
            return "an object"
