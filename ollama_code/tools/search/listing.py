"""list_directory: what is in one directory, with sizes."""

from __future__ import annotations

from collections import Counter

from pydantic import Field

from ollama_code.core.display import FilesBlock
from ollama_code.core.permission import Kind, PermissionRequest
from ollama_code.core.results import ToolResult
from ollama_code.ports import Entry, Place, Workspace
from ollama_code.tools.base import Call, Params, Rank, Tool
from ollama_code.tools.files.pending import Pending
from ollama_code.tools.files.requests import shown_in
from ollama_code.tools.schema import PLAIN, RARE
from ollama_code.tools.search.where import (
    DIRECTORY_ALIASES,
    fitting,
    many,
    named,
    read_request,
    require_directory,
    seen_from_root,
    written,
)
from ollama_code.workspace.globs import GlobPattern
from ollama_code.workspace.ignore import Sources
from ollama_code.workspace.search import Search

MOST_SHOWN = 500
_UNITS = ("B", "KB", "MB", "GB", "TB")


class FileFilteringOptions(Params):
    respect_git_ignore: bool = Field(default=True, description="Leave out what git ignores.")
    respect_ollama_code_ignore: bool = Field(default=True, description="Obey .ollama-codeignore.")


class ListParams(Params):
    path: str = Field(default=".", description="Directory to list.", json_schema_extra=PLAIN)
    ignore: tuple[str, ...] = Field(
        default=(), description="Globs of names to leave out.", json_schema_extra=RARE
    )
    file_filtering_options: FileFilteringOptions = Field(
        default=FileFilteringOptions(), description="Which ignore files count.", json_schema_extra=RARE
    )


class ListDirectory(Tool[ListParams]):
    name = "list_directory"
    kind = Kind.READ
    rank = Rank.CORE
    params = ListParams
    argument_aliases = {**DIRECTORY_ALIASES, "exclude": "ignore"}

    def __init__(self, workspace: Workspace, search: Search | None = None) -> None:
        self._workspace = workspace
        self._pending = Pending[Place]()
        self._search = search or Search.local(workspace)

    def title(self, p: ListParams) -> str:
        return f"List {shown_in(self._workspace, p.path or '.')}"

    async def permission(self, p: ListParams, call: Call) -> PermissionRequest | None:
        place = self._pending.keep(p, call, self._workspace.locate(p.path or "."))
        return read_request(self.name, place, call, title=f"List {named(place)}")

    async def run(self, p: ListParams, call: Call) -> ToolResult:
        unwanted = [GlobPattern.anywhere(pattern.removesuffix("/**").rstrip("/")) for pattern in p.ignore]
        place = self._pending.take(p, call) or self._workspace.locate(p.path or ".")
        await require_directory(self._workspace, place)
        entries = await self._workspace.entries(place)
        options = p.file_filtering_options
        sources = Sources(git=options.respect_git_ignore, ollama_code=options.respect_ollama_code_ignore)
        ignored = await self._search.ignored(place, entries, sources)
        wanted = [
            entry
            for entry in sorted(entries, key=_directories_first)
            if entry.name not in ignored and not any(glob.matches(entry.name) for glob in unwanted)
        ]
        lines = fitting(map(_line, wanted[:MOST_SHOWN]), call)
        left_out = Counter[str](ignored.values())
        left_out["ignore"] = len(entries) - len(ignored) - len(wanted)
        return ToolResult(
            llm_content="\n".join([_header(place, wanted, len(lines), left_out), *lines]),
            return_display=FilesBlock(
                paths=tuple(seen_from_root(place, _name(entry)) for entry in wanted[:MOST_SHOWN]),
                total=len(wanted),
            ),
        )


def _directories_first(entry: Entry) -> tuple[bool, str, str]:
    return (entry.kind != "directory", entry.name.casefold(), entry.name)


def _header(place: Place, wanted: list[Entry], shown: int, left_out: Counter[str]) -> str:
    directories = sum(entry.kind == "directory" for entry in wanted)
    counts = f"{many(directories, 'directory')}, {many(len(wanted) - directories, 'file')}"
    if not wanted:
        counts = "nothing to show" if left_out.total() else "empty"
    by_whom = {"git": "ignored by git", "ollama-code": "by .ollama-codeignore", "ignore": "by ignore"}
    notes = [f"{left_out[key]:,} {words}" for key, words in by_whom.items() if left_out[key]]
    header = f"{named(place)}: {counts}" + (f" ({', '.join(notes)})" if notes else "")
    return header if shown == len(wanted) else f"{header}; the first {shown:,} of {len(wanted):,} are shown"


def _line(entry: Entry) -> str:
    name = written(_name(entry))
    notes = ["link"] if entry.link else []
    if entry.kind == "file":
        notes.append(_size(entry.size_bytes))
    elif entry.kind != "directory":
        notes.append(entry.kind)
    return f"{name} ({', '.join(notes)})" if notes else name


def _name(entry: Entry) -> str:
    return f"{entry.name}/" if entry.kind == "directory" else entry.name


def _size(size_bytes: int) -> str:
    """`512 B`, `1.2 KB`, `34 MB`; a KB is 1,024 bytes."""
    size = float(size_bytes)
    for unit in _UNITS:
        if size < 1000 or unit == _UNITS[-1]:
            break
        size /= 1024
    return f"{size:.1f} {unit}" if size < 10 and unit != "B" else f"{size:.0f} {unit}"
