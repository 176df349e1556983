"""Glob patterns as lists of files, for tools that take both."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ollama_code.core.errors import ToolError
from ollama_code.ports import Workspace
from ollama_code.tools.files.requests import freely_readable
from ollama_code.tools.search.glob import parted
from ollama_code.workspace.globs import GlobPattern
from ollama_code.workspace.search import Search

_MOST = 1000


def expander(workspace: Workspace, search: Search) -> Callable[[str], Awaitable[tuple[str, ...]]]:
    """A function from a pattern to the absolute paths of the files it matches, in path order; of very many the
    newest 1,000. Where listing would have to be asked for it finds nothing.
    Raises: ToolError(INVALID_PARAMS) for a pattern that cannot be."""

    async def expand(pattern: str) -> tuple[str, ...]:
        directory, rest = parted(pattern, ".")
        wanted = GlobPattern(rest)
        place = workspace.locate(directory)
        found = await workspace.stat(place) if freely_readable(place) else None
        if found is None or found.kind != "directory":
            return ()
        files = await search.glob(place, wanted, most=_MOST)
        paths = (f"{place.path.rstrip('/')}/{path}" for path in sorted(files.newest))
        return tuple(path for path in paths if _can_be_named(workspace, path))

    return expand


def _can_be_named(workspace: Workspace, path: str) -> bool:
    """False for names with control characters or broken text, which no tool takes as an argument."""
    try:
        workspace.locate(path)
    except ToolError:
        return False
    return True
