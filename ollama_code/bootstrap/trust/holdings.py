"""What the files of a folder would set or run, told for a person and bound to digests. Pure: bytes in, values out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import PurePosixPath

from pydantic import JsonValue

from ollama_code.commands.custom import read_command
from ollama_code.core.errors import UsageError
from ollama_code.core.trust import Holding, Kind
from ollama_code.settings.jsonc import parse
from ollama_code.settings.project import ALLOWED
from ollama_code.workspace.belongings import AGENTS, COMMANDS, SERVERS, SETTINGS, SKILLS, Belongings


def holdings(found: Belongings) -> tuple[Holding, ...]:
    """Everything that wants trust, settings first. A change of any byte changes a digest."""
    return tuple(_holdings(found))


def _holdings(found: Belongings) -> Iterator[Holding]:
    if (data := found.files.get(SETTINGS)) is not None:
        tree, trouble = _tree(data, SETTINGS)
        sets = tuple(f"sets {key} to {_json(value)}" for key, value in _allowed(tree))
        does = trouble or sets or ("sets nothing that a project may set",)
        yield _holding("settings", SETTINGS, "settings", does, data)
        yield from _defined("hook", SETTINGS, tree.get("hooks"))
        yield from _defined("MCP server", SETTINGS, tree.get("mcpServers"))
    if (data := found.files.get(SERVERS)) is not None:
        tree, trouble = _tree(data, SERVERS)
        if trouble:
            yield _holding("MCP server", SERVERS, "", trouble, data)
        yield from _defined("MCP server", SERVERS, tree.get("mcpServers"))
    for path, data in found.below(COMMANDS).items():
        yield _command(path, data)
    for path, data in found.below(AGENTS).items():
        yield _holding("agent", f"{AGENTS}/{path}", _stem(path), (_first_line(data),), data)
    yield from _skills(found.below(SKILLS))


def _holding(kind: Kind, path: str, name: str, does: tuple[str, ...], data: bytes) -> Holding:
    return Holding(kind=kind, path=path, name=name, does=does, digest=_digest(data))


def _defined(kind: Kind, path: str, definitions: JsonValue) -> Iterator[Holding]:
    """One for each name that a file gives a definition, such as the servers of `mcpServers`."""
    for name, definition in definitions.items() if isinstance(definitions, dict) else ():
        text = _json(definition)
        yield _holding(kind, path, name, (text,), text.encode())


def _command(path: str, data: bytes) -> Holding:
    whole = f"{COMMANDS}/{path}"
    try:
        command = read_command(path, data, "project")
    except UsageError as e:
        return _holding("command", whole, _stem(path), (str(e),), data)
    runs = tuple(f"asks to run: {line}" for line in command.runs)
    return _holding("command", whole, f"/{command.name}", (command.summary, *runs), data)


def _skills(files: dict[str, bytes]) -> Iterator[Holding]:
    """A skill is a folder: its text and every file it brings."""
    for name in dict.fromkeys(path.partition("/")[0] for path in files):
        own = {path: _digest(data) for path, data in files.items() if path.partition("/")[0] == name}
        does = (f"{len(own)} {'file' if len(own) == 1 else 'files'}",)
        yield _holding("skill", f"{SKILLS}/{name}", name, does, _json(dict(own)).encode())


def _tree(data: bytes, path: str) -> tuple[dict[str, JsonValue], tuple[str, ...]]:
    """The object, or why there is none."""
    try:
        return parse(data, path), ()
    except UsageError as e:
        return {}, (str(e),)


def _allowed(tree: dict[str, JsonValue]) -> Iterator[tuple[str, JsonValue]]:
    for key, value in tree.items():
        if key in ALLOWED:
            yield key, value
        elif isinstance(value, dict):
            yield from (
                (f"{key}.{inner}", one) for inner, one in value.items() if f"{key}.{inner}" in ALLOWED
            )


def _first_line(data: bytes) -> str:
    lines = (line.strip() for line in data.decode("utf-8", "replace").splitlines())
    return next((line for line in lines if line.strip("-")), "empty")


def _stem(path: str) -> str:
    return str(PurePosixPath(path).with_suffix(""))


def _json(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
