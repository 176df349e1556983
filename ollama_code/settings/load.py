"""Finds the settings: flag > environment > user file > default, each key on its own, with its origin.

Reads one file, the user's; a project folder says nothing here until it is trusted."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from pydantic import JsonValue, ValidationError

from ollama_code.core.errors import UsageError
from ollama_code.core.text import one_line
from ollama_code.paths import Home
from ollama_code.settings.flags import Flags
from ollama_code.settings.jsonc import SIZE_LIMIT_BYTES, parse
from ollama_code.settings.model import Settings, keys

CLOUD_HOST = "https://ollama.com"
DEFAULT = "default"

_VARIABLES = {
    "OLLAMA_MODEL": "model",
    "OLLAMA_BASE_URL": "ollama.baseUrl",
    "OLLAMA_HOST": "ollama.baseUrl",  # after its rival: the later one wins
    "OLLAMA_KEEP_ALIVE": "ollama.keepAlive",
}
_KEY_VARIABLE = "OLLAMA_API_KEY"
_SYNONYMS = {"tools.core": "coreTools", "tools.exclude": "excludeTools"}
_KEYS = frozenset(keys())
_SECTIONS = frozenset(key.rpartition(".")[0] for key in (*_KEYS, *_SYNONYMS)) - {""}
_SECRETS = ("ollama.apiKey", "ollama.headers")
_EXPECTED = {
    "string_type": "a text in double quotes",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "tuple_type": "a list in square brackets",
    "dict_type": "an object in braces",
    "string_pattern_mismatch": "a text of one line",
}


@dataclass(frozen=True)
class Credentials:
    """What may be sent to `host` and to no other server. `host` is written as a person wrote it: compare it
    after parsing both sides."""

    host: str
    origin: str
    api_key: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Loaded:
    """`settings.ollama.api_key` and `.headers` are empty here: secrets are in `credentials` alone, bound to their
    server, so that no code can send them to another by mistake. `origins` has every key of the file format:
    "--model", "OLLAMA_HOST", "~/.ollama-code/settings.json" or "default"."""

    settings: Settings
    origins: Mapping[str, str]
    credentials: tuple[Credentials, ...]
    warnings: tuple[str, ...]


Layer = dict[str, JsonValue]
"""Values by dotted key."""


def load(home: Home, environ: Mapping[str, str], flags: Flags) -> Loaded:
    """Raises: UsageError naming the flag, variable or file and key, what was given and what is expected."""
    name = _shown(home.settings, environ)
    leaves = _leaves(parse(_read(home.settings, name), name))
    file = _known(leaves, name)
    from_file = _settings(file, name)
    merged, origins = dict(file), dict.fromkeys(keys(), DEFAULT) | dict.fromkeys(file, name)
    for origin, key, value in (*_from_environment(environ), *_from_flags(flags)):
        _settings({key: value}, origin)
        merged[key], origins[key] = value, origin
    return Loaded(
        settings=_settings({key: value for key, value in merged.items() if key not in _SECRETS}, name),
        origins=origins,
        credentials=(*_keys_from_environment(environ), *_keys_from_file(from_file, name)),
        warnings=(*_unknown(leaves, name), *_exposed(home.settings, file, name)),
    )


# --- the file --------------------------------------------------------------------------------------------


def _shown(path: Path, environ: Mapping[str, str]) -> str:
    home = environ.get("HOME", "")
    return f"~/{path.relative_to(home)}" if home and path.is_relative_to(home) else str(path)


def _read(path: Path, name: str) -> bytes:
    """Empty when there is no file. Never waits for a pipe, never reads more than the limit and a byte."""
    try:
        with open(path, "rb", opener=_open_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UsageError(f"{name} is not a regular file. Put the settings into a plain file there.")
            return file.read(SIZE_LIMIT_BYTES + 1)
    except FileNotFoundError:
        return b""
    except OSError as e:
        raise UsageError(
            f"{name} cannot be read: {e.strerror}. Mend it, or rename it to do without it."
        ) from e


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def _leaves(tree: Mapping[str, JsonValue], prefix: str = "") -> Layer:
    """The tree by dotted key, down to the values. `null` counts as not written."""
    found: Layer = {}
    for name, value in tree.items():
        path = prefix + name
        if path in _SECTIONS and isinstance(value, dict):
            found |= _leaves(value, path + ".")
        elif value is not None and path != "$schema":
            found[path] = value
    return found


def _known(leaves: Layer, name: str) -> Layer:
    """The leaves that are settings, each under its one true key."""
    found: Layer = {}
    for path, value in leaves.items():
        key = _SYNONYMS.get(path, path)
        if path in _SECTIONS:
            raise UsageError(f"{name}: {path} is {_spoken(value)}, but must be an object in braces.")
        if key in found:
            raise UsageError(f"{name}: {key} is also written under its other name. Keep one of the two.")
        if key in _KEYS:
            found[key] = value
    return found


def _unknown(leaves: Layer, name: str) -> Iterator[str]:
    for path in leaves:
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


def _exposed(path: Path, file: Layer, name: str) -> Iterator[str]:
    if any(key in file for key in _SECRETS) and path.stat().st_mode & 0o077:
        yield f"{name} holds a secret and other users of this machine may read it. Run: chmod 600 {name}"


# --- flags and environment -------------------------------------------------------------------------------


def _from_flags(flags: Flags) -> Iterator[tuple[str, str, JsonValue]]:
    said: tuple[tuple[str, str, JsonValue], ...] = (
        ("--model", "model", flags.model),
        ("--ollama-url", "ollama.baseUrl", flags.ollama_url),
        ("--num-ctx", "ollama.numCtx", flags.num_ctx),
        ("--mode", "approvalMode", flags.mode),
        ("--max-steps", "maxSteps", flags.max_steps),
    )
    return (one for one in said if one[2] is not None)


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[str, str, JsonValue]]:
    for variable, key in _VARIABLES.items():
        if value := _variable(environ, variable):
            yield variable, key, value


def _variable(environ: Mapping[str, str], name: str) -> str:
    """Blanks and quotes around it fall away, as Ollama itself reads its variables."""
    return environ.get(name, "").strip().strip("\"'")


def _keys_from_environment(environ: Mapping[str, str]) -> Iterator[Credentials]:
    """The key is the one of ollama.com, or of the server that the same environment names."""
    if key := _variable(environ, _KEY_VARIABLE):
        _settings({"ollama.apiKey": key}, _KEY_VARIABLE)
        host = _variable(environ, "OLLAMA_HOST") or _variable(environ, "OLLAMA_BASE_URL")
        for bound in filter(None, (host, CLOUD_HOST)):
            yield Credentials(bound, _KEY_VARIABLE, api_key=key, headers={})


def _keys_from_file(settings: Settings, name: str) -> Iterator[Credentials]:
    ollama = settings.ollama
    if ollama.api_key or ollama.headers:
        yield Credentials(ollama.base_url, name, api_key=ollama.api_key, headers=ollama.headers)


# --- checking --------------------------------------------------------------------------------------------


def _settings(layer: Layer, origin: str) -> Settings:
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
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"])[1:]
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
    given = "not usable" if path.startswith(_SECRETS) else _spoken(error["input"])
    return f"{path} is {given}, but must be {expected}."


def _spoken(value: object) -> str:
    match value:
        case bool() | int() | float() | str():
            return one_line(json.dumps(value, ensure_ascii=False), limit=60)
        case list():
            return "a list"
        case _:
            return "an object"
