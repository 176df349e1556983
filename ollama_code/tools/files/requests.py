"""What the file tools declare before they touch a file: one form for reads, one for changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ollama_code.core.display import Display, TextBlock
from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.core.permission import Caution, Kind, PermissionRequest, Reach
from ollama_code.ports import Place, Workspace
from ollama_code.tools.base import Call


def shown_in(workspace: Workspace, path: str) -> str:
    """`path` for a title, relative to the root where it plainly is below it. Looks at nothing."""
    return path.removeprefix(workspace.root.rstrip("/") + "/")


def freely_readable(place: Place) -> bool:
    """Whether the model may learn what is there without anybody's consent."""
    return place.readable and not place.read_guard


def read_request(tool: str, places: Sequence[Place], call: Call) -> PermissionRequest:
    """Always declared, so that a rule can deny it; inside the workspace the policy lets it pass."""
    reaches = [_read_reach(place) for place in places]
    reach: Reach = (
        "protected" if "protected" in reaches else "outside" if "outside" in reaches else "workspace"
    )
    lines = [f"{place.path} ({place.read_guard})" if place.read_guard else place.path for place in places]
    title = f"Read {_name(places[0])}" if len(places) == 1 else f"Read {len(places)} files"
    return PermissionRequest(
        call_id=call.id,
        tool=tool,
        kind=Kind.READ,
        title=title,
        scopes=tuple(f"read_file({_name(place)})" for place in places),
        preview=TextBlock(text="\n".join(lines)),
        reach=reach,
    )


@dataclass(frozen=True)
class Change:
    """`title` says what would happen. `unseen` when content is lost that the model never read; `rests_on` is what
    else was looked at, such as the digest of the file; `hidden` are the characters it adds that nobody sees;
    `reads` when a failure tells what is in the file: then it takes what reading takes."""

    title: str
    preview: Display
    unseen: bool = False
    rests_on: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    reads: bool = False


def edit_request(tool: str, place: Place, call: Call, change: Change) -> PermissionRequest:
    """For every tool that changes a file; one scope covers them all.
    Raises: ToolError(PERMISSION_DENIED) for a name in the workspace that a link leads out of it."""
    if place.strays:
        raise ToolError(
            f"A link leads out of the workspace here, to {place.path}, so nothing was changed. If that file is meant,"
            " give this path itself.",
            ErrorType.PERMISSION_DENIED,
        )
    title = change.title
    reach: Reach = "workspace"
    if guard := place.write_guard or (place.read_guard if change.reads else ""):
        reach, title = "protected", f"{title} ({guard})"
    elif not place.inside:
        reach = "outside"
    elif change.unseen:
        reach = "unseen"
    scope = f"edit({_name(place)})"
    hidden = f"it adds what cannot be seen: {', '.join(change.hidden)}" if change.hidden else ""
    return PermissionRequest(
        call_id=call.id,
        tool=tool,
        kind=Kind.EDIT,
        title=title,
        scopes=(scope,),
        preview=change.preview,
        reach=reach,
        seen=(f"read_file({_name(place)})",) if change.reads else (),
        cautions=(Caution(scope=scope, text=hidden, against="any"),) if hidden else (),
        rests_on=(place.path, *change.rests_on),
    )


def foreseen_edit(tool: str, workspace: Workspace, path: str, call: Call) -> PermissionRequest:
    """For a change of which only the path is known. Opens nothing."""
    place = workspace.locate(path)
    return edit_request(tool, place, call, Change(f"Change {place.shown}", TextBlock(text="")))


def _read_reach(place: Place) -> Reach:
    if place.read_guard:
        return "protected"
    return "workspace" if place.readable else "outside"


def _name(place: Place) -> str:
    return place.shown if place.inside else place.path
