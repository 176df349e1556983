"""The error for a file that is not there, with the names that are."""

from __future__ import annotations

import difflib
from dataclasses import replace
from pathlib import PurePosixPath

from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.ports import Place, Workspace

_NAMES = 5


async def missing_file(workspace: Workspace, place: Place) -> ToolError:
    """FILE_NOT_FOUND naming what is most alike in the same directory, or the directory that is missing too."""
    path = PurePosixPath(place.path)
    folder = replace(place, path=str(path.parent), shown=str(PurePosixPath(place.shown).parent))
    try:
        names = [entry.name for entry in await workspace.entries(folder)]
    except ToolError:
        hint = f"Its directory {folder.shown} does not exist either; find the file with glob."
    else:
        hint = _similar(path.name, names)
    return ToolError(f"There is no file {place.shown}. {hint}", ErrorType.FILE_NOT_FOUND)


def _similar(name: str, names: list[str]) -> str:
    by_fold = {other.casefold(): other for other in names}
    near = difflib.get_close_matches(name.casefold(), by_fold, n=_NAMES, cutoff=0.5)
    if near:
        return f"In the same directory: {', '.join(by_fold[other] for other in near)}."
    return "Nothing in its directory has a similar name; find the file with glob."
