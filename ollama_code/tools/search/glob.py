"""glob: files by the pattern of their name, newest first."""

from __future__ import annotations

from pydantic import Field

from ollama_code.core.display import FilesBlock
from ollama_code.core.permission import Kind, PermissionRequest
from ollama_code.core.results import ToolResult
from ollama_code.ports import Place, Workspace
from ollama_code.tools.base import Call, Params, Rank, Tool
from ollama_code.tools.files.pending import Pending
from ollama_code.tools.files.requests import shown_in
from ollama_code.tools.schema import PLAIN
from ollama_code.tools.search.where import (
    DIRECTORY_ALIASES,
    caveats,
    fitting,
    many,
    named,
    read_request,
    require_directory,
    seen_from_root,
)
from ollama_code.workspace.globs import GlobPattern, split_absolute
from ollama_code.workspace.search import Files, Search

MOST_SHOWN = 100


class GlobParams(Params):
    pattern: str = Field(description="Such as **/*.ts or src/**/*.{js,ts}.", json_schema_extra=PLAIN)
    path: str = Field(default=".", description="Directory to search in.", json_schema_extra=PLAIN)


class Glob(Tool[GlobParams]):
    name = "glob"
    kind = Kind.READ
    rank = Rank.CORE
    params = GlobParams
    argument_aliases = {**DIRECTORY_ALIASES, "glob": "pattern", "query": "pattern", "file_pattern": "pattern"}

    def __init__(self, workspace: Workspace, search: Search | None = None) -> None:
        self._workspace = workspace
        self._pending = Pending[Place]()
        self._search = search or Search.local(workspace)

    def title(self, p: GlobParams) -> str:
        directory, pattern = parted(p.pattern, p.path)
        where = shown_in(self._workspace, directory)
        return f"Find {pattern}" if where == "." else f"Find {pattern} in {where}"

    async def permission(self, p: GlobParams, call: Call) -> PermissionRequest | None:
        directory, pattern = parted(p.pattern, p.path)
        GlobPattern(pattern)
        place = self._pending.keep(p, call, self._workspace.locate(directory))
        return read_request(self.name, place, call, title=f"Find files by name in {named(place)}")

    async def run(self, p: GlobParams, call: Call) -> ToolResult:
        directory, text = parted(p.pattern, p.path)
        pattern = GlobPattern(text)
        place = self._pending.take(p, call) or self._workspace.locate(directory)
        await require_directory(self._workspace, place)
        found = await self._search.glob(place, pattern, most=MOST_SHOWN)
        paths = [seen_from_root(place, path) for path in found.newest]
        shown = fitting(paths, call)
        return ToolResult(
            llm_content="\n".join([_header(pattern, place, found, len(shown)), *shown]),
            return_display=FilesBlock(paths=tuple(paths), total=found.total),
        )


def parted(pattern: str, directory: str) -> tuple[str, str]:
    """Where to search, and for what; an absolute pattern brings its own directory."""
    if pattern.startswith(("/", "~")):
        return split_absolute(pattern)
    return directory or ".", pattern


def _header(pattern: GlobPattern, place: Place, found: Files, shown: int) -> str:
    rest = caveats(complete=found.complete, unreadable=found.unreadable)
    if not found.total:
        deeper = "" if "/" in pattern.text else f" For the folders below it as well: **/{pattern.text}"
        return f"No file matches {pattern.text} in {named(place)}.{rest}{deeper}"
    order = "newest first" if shown == found.total else f"the newest {shown:,}"
    match = "matches" if found.total == 1 else "match"
    return f"{many(found.total, 'file')} {match} {pattern.text} in {named(place)}, {order}.{rest}"
