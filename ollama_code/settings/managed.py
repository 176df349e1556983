"""Settings that whoever runs this machine made for everybody on it: they hold whatever a person, a flag or a project
says.

Honoured only where nobody but root can have written them. Where somebody else can, none of it is used, and nobody
gets more than the usual: what the file denied is not known then."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from ollama_code.core.errors import UsageError
from ollama_code.core.permission import Mode
from ollama_code.settings.jsonc import SIZE_LIMIT_BYTES, parse
from ollama_code.settings.layer import Layer, checked, known, leaves, unknown
from ollama_code.settings.model import RuleLine, Settings

_FILE = "settings.json"
_O_PATH = getattr(os, "O_PATH", os.O_RDONLY)  # where it is missing, the folder has to be readable
_PERSONAL = ("theme",)
_RULES = ("permissions.allow", "permissions.ask", "permissions.deny", "excludeTools")
_STRICTER: Mapping[str, Callable[[JsonValue, JsonValue], JsonValue]] = {
    "approvalMode": lambda one, other: min(one, other, key=_boldness),
    "maxSteps": lambda one, other: min(one, other, key=_number),
    "sandbox.enabled": lambda one, other: one or other,
    "sandbox.required": lambda one, other: one or other,
    "sandbox.network": lambda one, other: one and other,
    "hideSecrets": lambda one, other: one or other,
}
"""Limits, of which a person may choose the stricter. Any other key is as it is written."""


@dataclass(frozen=True)
class Added:
    """Rules that a file adds to the person's own; `origin` names it."""

    origin: str = ""
    allow: tuple[RuleLine, ...] = ()
    ask: tuple[RuleLine, ...] = ()
    deny: tuple[RuleLine, ...] = ()


@dataclass(frozen=True)
class Managed:
    """`name` is the file, empty where there is none; with `trouble`, a clause, it is not honoured."""

    name: str = ""
    trouble: str = ""
    layer: Layer = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    warnings: tuple[str, ...] = ()

    @property
    def boldest(self) -> Mode:
        """The mode beyond which nobody goes."""
        if self.trouble:
            return Mode.DEFAULT
        return self.settings.approval_mode if "approvalMode" in self.layer else Mode.YOLO

    @property
    def rules(self) -> Added:
        wished = self.settings
        calls = tuple(text for text in wished.exclude_tools if "(" in text)
        rules = wished.permissions
        return Added(self.name, rules.allow, rules.ask, (*rules.deny, *calls))

    def fixes(self, key: str) -> bool:
        """Whether nobody chooses it: it is said here, and is no limit that may be stricter."""
        return key in self.layer and key not in _STRICTER

    def over(self, chosen: Layer) -> Layer:
        """What holds of these keys where `chosen` was said."""
        held = {key: value for key, value in self.layer.items() if key not in _RULES}
        for key in held.keys() & _STRICTER.keys() & chosen.keys():
            held[key] = _STRICTER[key](held[key], chosen[key])
        if names := [text for text in self.settings.exclude_tools if "(" not in text]:
            before = chosen.get("excludeTools", [])
            held["excludeTools"] = [*(before if isinstance(before, list) else ()), *names]
        if self.trouble:
            held |= {"permissions.allow": [], "approvalMode": min(Mode.DEFAULT, _mode(chosen), key=_boldness)}
        return held


def read_managed(folder: Path) -> Managed:
    """Blocks. Raises: UsageError for a file that is root's and cannot be read or meant: then nobody knows what it
    forbids."""
    name = str(folder / _FILE)
    try:
        data, trouble = _read(folder)
    except (FileNotFoundError, NotADirectoryError):
        return Managed()
    except OSError as e:
        raise UsageError(
            f"{name} cannot be read: {e.strerror}. Whoever runs this machine has to mend it."
        ) from e
    if trouble:
        warning = (
            f"{name} is not used, because {trouble}. Until that is mended, no mode is bolder than default and no "
            "rule that allows holds."
        )
        return Managed(name, trouble, warnings=(warning,))
    written = leaves(parse(data, name))
    layer = {key: value for key, value in known(written, name).items() if key not in _PERSONAL}
    warnings = (*unknown(written, name), *_personal(written, name))
    return Managed(name, "", layer, checked(layer, name), warnings)


def _personal(written: Layer, name: str) -> Iterator[str]:
    for key in _PERSONAL:
        if key in written:
            yield f"{name}: {key} is each person's own; it is ignored."


def _read(folder: Path) -> tuple[bytes, str]:
    """What the file holds, or why it is not honoured. Both are held open: what was looked at is what is read."""
    with ExitStack() as stack:
        place = os.open(folder, _O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        stack.callback(os.close, place)
        if stat.S_ISLNK(os.stat(_FILE, dir_fd=place, follow_symlinks=False).st_mode):
            return b"", "it is a symbolic link"
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        file = stack.enter_context(os.fdopen(os.open(_FILE, flags, dir_fd=place), "rb"))
        facts = os.fstat(file.fileno())
        trouble = _trouble(facts, "it") or _trouble(os.fstat(place), "its folder")
        if not stat.S_ISREG(facts.st_mode):
            trouble = "it is not a regular file"
        return (b"", trouble) if trouble else (file.read(SIZE_LIMIT_BYTES + 1), "")


def _trouble(facts: os.stat_result, what: str) -> str:
    if facts.st_uid != 0:
        return f"{what} does not belong to root"
    return f"others than root may write {what}" if facts.st_mode & 0o022 else ""


def _boldness(mode: JsonValue) -> int:
    return list(Mode).index(Mode(str(mode).replace("_", "-")))


def _mode(chosen: Layer) -> JsonValue:
    return chosen.get("approvalMode", Mode.DEFAULT.value)


def _number(value: JsonValue) -> int:
    assert isinstance(value, int), "both were checked"
    return value
