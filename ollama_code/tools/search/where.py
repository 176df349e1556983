"""Where a search looks, and how its result is written: what the three tools share."""

from __future__ import annotations

from collections.abc import Iterable

from ollama_code.core.display import TextBlock
from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.core.permission import Kind, PermissionRequest
from ollama_code.core.text import clean
from ollama_code.ports import FileKind, Place, Workspace
from ollama_code.tools.base import Call
from ollama_code.tools.files.requests import freely_readable

DIRECTORY_ALIASES = {
    "dir": "path",
    "directory": "path",
    "folder": "path",
    "absolute_path": "path",
    "dir_path": "path",
}

_HEADER_CHARS = 600


def read_request(tool: str, place: Place, call: Call, *, title: str) -> PermissionRequest:
    """Always declared, so that a rule can deny it; inside the workspace the policy lets it pass. Says nothing
    about what is there."""
    name = place.shown if place.inside else place.path
    reason = f" ({place.read_guard})" if place.read_guard else ""
    return PermissionRequest(
        call_id=call.id,
        tool=tool,
        kind=Kind.READ,
        title=title,
        scopes=(f"{tool}({name})",),
        preview=TextBlock(text=f"{title}: {place.path}{reason}"),
        reach="protected" if place.read_guard else "workspace" if freely_readable(place) else "outside",
    )


async def kind_at(workspace: Workspace, place: Place) -> FileKind:
    """Raises: ToolError(SEARCH_PATH_NOT_FOUND)."""
    found = await workspace.stat(place)
    if found is None:
        raise ToolError(
            f"There is no {place.shown} to search. Look with list_directory what is there.",
            ErrorType.SEARCH_PATH_NOT_FOUND,
        )
    return found.kind


async def require_directory(workspace: Workspace, place: Place) -> None:
    """Raises: ToolError(SEARCH_PATH_NOT_FOUND, NOT_A_DIRECTORY)."""
    if await kind_at(workspace, place) != "directory":
        raise ToolError(
            f"{place.shown} is not a directory. Use read_file to read a file.", ErrorType.NOT_A_DIRECTORY
        )


def named(place: Place) -> str:
    """The place in a sentence, where a lone `.` would be lost."""
    return "the workspace" if place.shown == "." else place.shown


def seen_from_root(place: Place, path: str) -> str:
    """`path`, found beneath `place`, as other tools take it."""
    return written(path if place.shown == "." else f"{place.shown.rstrip('/')}/{path}")


def written(name: str) -> str:
    """A file's name as one line of well-formed text, whatever bytes it has."""
    return clean(name, visible=True).replace("\n", "<U+000A>").replace("\t", "<U+0009>")


def fitting(lines: Iterable[str], call: Call) -> list[str]:
    """The first lines that fit into the result beside its header; a line feed each counts."""
    left = call.budget_chars - min(_HEADER_CHARS, call.budget_chars // 4)
    fit: list[str] = []
    for line in lines:
        left -= len(line) + 1
        if left < 0:
            break
        fit.append(line)
    return fit


def many(count: int, noun: str) -> str:
    """`1 file`, `2,000 files`, `1 match`, `2 matches`, `1 directory`, `2 directories`."""
    if count == 1:
        return f"1 {noun}"
    if noun.endswith("y"):
        return f"{count:,} {noun[:-1]}ies"
    return f"{count:,} {noun}s"


def caveats(*, complete: bool, unreadable: int) -> str:
    """What a result leaves out for reasons of its own, as sentences that begin with a space, or ""."""
    said = ""
    if not complete:
        said += " Time ran out, so this is not all: give a narrower path or pattern."
    if unreadable:
        said += f" {unreadable:,} could not be read."
    return said
