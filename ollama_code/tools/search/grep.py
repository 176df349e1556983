"""grep_search: lines by what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, assert_never

from pydantic import Field

from ollama_code.core.display import FilesBlock, TextBlock
from ollama_code.core.permission import Kind, PermissionRequest
from ollama_code.core.results import ToolResult
from ollama_code.core.text import one_line
from ollama_code.ports import Place, Workspace
from ollama_code.tools.base import Call, Params, Rank, Tool
from ollama_code.tools.files.pending import Pending
from ollama_code.tools.files.requests import shown_in
from ollama_code.tools.schema import PLAIN, RARE
from ollama_code.tools.search.where import (
    DIRECTORY_ALIASES,
    caveats,
    fitting,
    kind_at,
    many,
    named,
    read_request,
    seen_from_root,
)
from ollama_code.workspace.globs import GlobPattern
from ollama_code.workspace.grep import Line, Matcher, Matches, Query
from ollama_code.workspace.search import Grepped, Search

MOST_SHOWN = 100


class GrepParams(Params):
    pattern: str = Field(description="Regular expression, matched line by line.", json_schema_extra=PLAIN)
    path: str = Field(default=".", description="Directory or file to search.", json_schema_extra=PLAIN)
    glob: str = Field(default="", description="Only files like *.js or *.{ts,tsx}.")
    limit: int = Field(
        default=MOST_SHOWN, ge=1, le=1000, description="Most matching lines.", json_schema_extra=RARE
    )
    context: int = Field(
        default=0, ge=0, le=20, description="Lines around each match.", json_schema_extra=RARE
    )
    output_mode: Literal["lines", "files", "count"] = Field(
        default="lines", description="What to list.", json_schema_extra=RARE
    )
    case_sensitive: bool = Field(default=False, description="Default false.", json_schema_extra=RARE)


class GrepSearch(Tool[GrepParams]):
    name = "grep_search"
    kind = Kind.READ
    rank = Rank.CORE
    params = GrepParams
    argument_aliases = {
        **DIRECTORY_ALIASES,
        "file": "path",
        "file_path": "path",
        "query": "pattern",
        "regex": "pattern",
        "search": "pattern",
        "file_pattern": "glob",
        "include": "glob",
        "max_results": "limit",
        "head_limit": "limit",
        "context_lines": "context",
    }

    def __init__(self, workspace: Workspace, search: Search | None = None) -> None:
        self._workspace = workspace
        self._pending = Pending[Place]()
        self._search = search or Search.local(workspace)

    def title(self, p: GrepParams) -> str:
        where = shown_in(self._workspace, p.path or ".")
        return f"Search for {p.pattern}" if where == "." else f"Search for {p.pattern} in {where}"

    async def permission(self, p: GrepParams, call: Call) -> PermissionRequest | None:
        Matcher(_query(p))
        place = self._pending.keep(p, call, self._workspace.locate(p.path or "."))
        request = read_request(self.name, place, call, title=f"Search in {named(place)}")
        if not place.inside:
            return request
        return request.model_copy(update={"scopes": (*request.scopes, f"read_file({place.shown})")})

    async def run(self, p: GrepParams, call: Call) -> ToolResult:
        only = GlobPattern.anywhere(p.glob) if p.glob else None
        place = self._pending.take(p, call) or self._workspace.locate(p.path or ".")
        if await kind_at(self._workspace, place) == "directory":
            found = await self._search.grep(place, _query(p), only)
            names = [seen_from_root(place, file.path) for file in found.files]
        else:
            found = await self._search.grep_file(place, _query(p))
            names = [place.shown for _ in found.files]
        rows = list(_rows(p, found, names))
        lines = fitting((row.text for row in rows), call)
        shown = sum(row.counts for row in rows[: len(lines)])
        content = "\n".join([_header(p, place, found, shown), *lines])
        if p.output_mode == "lines":
            return ToolResult(llm_content=content, return_display=TextBlock(text=content))
        return ToolResult(
            llm_content=content, return_display=FilesBlock(paths=tuple(names), total=found.total_files)
        )


def _query(p: GrepParams) -> Query:
    return Query(
        pattern=p.pattern,
        case_sensitive=p.case_sensitive,
        context=p.context if p.output_mode == "lines" else 0,
        most_lines=p.limit if p.output_mode == "lines" else 0,
        most_files=p.limit,
    )


@dataclass(frozen=True)
class _Row:
    """A line of the result; `counts` when it is one of those `limit` speaks of."""

    text: str
    counts: bool


def _rows(p: GrepParams, found: Grepped, names: list[str]) -> Iterator[_Row]:
    for file, name in zip(found.files, names, strict=True):
        match p.output_mode:
            case "files":
                yield _Row(name, counts=True)
            case "count":
                yield _Row(f"{name}:{file.count}", counts=True)
            case "lines":
                yield from _line_rows(file, name)
            case _:
                assert_never(p.output_mode)


def _line_rows(file: Matches, name: str) -> Iterator[_Row]:
    """As grep writes them: `path:12:text`, lines around as `path-11-text`, `--` where lines are left out."""
    before: Line | None = None
    with_context = any(not line.match for line in file.lines)
    for line in file.lines:
        if with_context and before and line.number > before.number + 1:
            yield _Row("--", counts=False)
        mark = ":" if line.match else "-"
        yield _Row(f"{name}{mark}{line.number}{mark}{line.text}", counts=line.match)
        before = line


def _header(p: GrepParams, place: Place, found: Grepped, shown: int) -> str:
    rest = caveats(complete=found.complete, unreadable=found.unreadable)
    if found.guarded:
        rest += (
            f" {many(found.guarded, 'file')} that may hold secrets, or that a rule withholds, not searched."
        )
    pattern = one_line(p.pattern, limit=100)
    of_kind = f" like {one_line(p.glob, limit=100)}" if p.glob else ""
    if not found.total_lines:
        return f"No line matches {pattern} in {many(found.searched, 'file')}{of_kind} under {named(place)}.{rest}"
    match = "matches" if found.total_lines == 1 else "match"
    files = many(found.total_files, "file")
    total = found.total_lines if p.output_mode == "lines" else found.total_files
    unit = "lines" if p.output_mode == "lines" else "files"
    first = "" if shown == total else f", the first {shown:,} {unit}"
    where = f"in {files}{of_kind} under {named(place)}"
    return f"{many(found.total_lines, 'line')} {match} {pattern} {where}{first}.{rest}"
