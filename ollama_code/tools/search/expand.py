"""Patterns in place of paths: what read_many_files reads when it is given `src/*.py`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import PurePosixPath

from ollama_code.ports import Workspace
from ollama_code.workspace.globs import GlobPattern
from ollama_code.workspace.search import Search

MOST_EXPANDED = 200


def expander(workspace: Workspace) -> Callable[[str], Awaitable[tuple[str, ...]]]:
    """A function from a pattern, relative to the workspace root, to the paths it matches, sorted."""
    search = Search.local(workspace)

    async def expand(pattern: str) -> tuple[str, ...]:
        inside = pattern
        if pattern.startswith("/") and PurePosixPath(pattern).is_relative_to(workspace.root):
            inside = str(PurePosixPath(pattern).relative_to(workspace.root))
        found = await search.glob(workspace.locate("."), GlobPattern(inside), most=MOST_EXPANDED)
        return tuple(sorted(found.newest))

    return expand
