"""Finds the settings: managed > flag > environment > user file > default, each key on its own, with its origin.

What a trusted project adds is `project`'s part."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from ollama_code.core.errors import UsageError
from ollama_code.core.permission import Mode
from ollama_code.paths import Home
from ollama_code.settings.flags import Flags
from ollama_code.settings.jsonc import SIZE_LIMIT_BYTES, parse
from ollama_code.settings.layer import SECRETS, Layer, checked, known, leaves, unknown
from ollama_code.settings.managed import Added, read_managed
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
    project: Added = field(default_factory=Added)
    managed: Added = field(default_factory=Added)
    boldest: Mode = Mode.YOLO
    """The mode beyond which nobody goes."""
    allows: bool = True
    """Whether rules that allow hold, whoever said them."""

    def is_said(self, key: str) -> bool:
        """Whether a flag or the environment says it, which no file of a person or a project overrules."""
        return _is_said(self.origins[key])

    def is_held(self, key: str) -> bool:
        """Whether it is said for everybody on this machine."""
        return self.origins[key] == self.managed.origin != ""


def load(home: Home, environ: Mapping[str, str], flags: Flags) -> Loaded:
    """Raises: UsageError naming the flag, variable or file and key, what was given and what is expected."""
    name = _shown(home.settings, environ)
    written = leaves(parse(_read(home.settings, name), name))
    file = known(written, name)
    from_file = checked(file, name)
    merged, origins = dict(file), dict.fromkeys(keys(), DEFAULT) | dict.fromkeys(file, name)
    for origin, key, value in (*_from_environment(environ), *_from_flags(flags)):
        checked({key: value}, origin)
        merged[key], origins[key] = value, origin
    managed = read_managed(home.managed)
    held = managed.over(merged)
    changed = [key for key, value in held.items() if merged.get(key) != value]
    overruled = () if managed.trouble else tuple(_overruled(changed, origins, managed.name))
    merged |= held
    origins |= dict.fromkeys((*changed, *filter(managed.fixes, held)), managed.name)
    return Loaded(
        settings=checked({key: value for key, value in merged.items() if key not in SECRETS}, name),
        origins=origins,
        credentials=(
            *_keys_from_file(managed.settings, managed.name),
            *_keys_from_environment(environ),
            *_keys_from_file(from_file, name),
        ),
        warnings=(
            *managed.warnings,
            *overruled,
            *unknown(written, name),
            *_exposed(home.settings, file, name),
        ),
        managed=managed.rules,
        boldest=managed.boldest,
        allows=not managed.trouble,
    )


def _is_said(origin: str) -> bool:
    return origin.startswith("--") or origin in _VARIABLES


def _overruled(keys: Iterable[str], origins: Mapping[str, str], name: str) -> Iterator[str]:
    """A warning for what was said for this run and does not hold."""
    for key in keys:
        if _is_said(origins[key]):
            yield f"{origins[key]} is not followed as given: {name} decides {key} on this machine."


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


def _exposed(path: Path, file: Layer, name: str) -> Iterator[str]:
    if any(key in file for key in SECRETS) and path.stat().st_mode & 0o077:
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
        checked({"ollama.apiKey": key}, _KEY_VARIABLE)
        host = _variable(environ, "OLLAMA_HOST") or _variable(environ, "OLLAMA_BASE_URL")
        for bound in filter(None, (host, CLOUD_HOST)):
            yield Credentials(bound, _KEY_VARIABLE, api_key=key, headers={})


def _keys_from_file(settings: Settings, name: str) -> Iterator[Credentials]:
    ollama = settings.ollama
    if ollama.api_key or ollama.headers:
        yield Credentials(ollama.base_url, name, api_key=ollama.api_key, headers=ollama.headers)
