"""read_many_files: several files in one result, with one budget shared fairly between them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from pydantic import Field

from ollama_code.core.display import FilesBlock
from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.core.messages import Image
from ollama_code.core.permission import Kind, PermissionRequest
from ollama_code.core.results import ToolResult
from ollama_code.ports import Place, Workspace
from ollama_code.tools.base import Call, Params, Rank, Tool
from ollama_code.tools.files.ledger import ReadLedger
from ollama_code.tools.files.pages import Window
from ollama_code.tools.files.pending import Pending
from ollama_code.tools.files.read import DEFAULT_LINES
from ollama_code.tools.files.reader import Reader
from ollama_code.tools.files.requests import freely_readable, read_request
from ollama_code.tools.schema import PLAIN, RARE

Expand = Callable[[str], Awaitable[tuple[str, ...]]]
"""The files below the workspace that a glob pattern matches."""

_MOST_FILES = 100
_MOST_IMAGES = 4
"""Each picture costs a local model about a thousand tokens of its window."""
_LEAST_CHARS = 400
_OVERHEAD_CHARS = 300
"""For the lines between the files and a page's header."""
_GLOB = frozenset("*?[{")


class ReadManyFilesParams(Params):
    paths: list[str] = Field(
        min_length=1, description="Paths or glob patterns of the files.", json_schema_extra=PLAIN
    )
    offset: int = Field(
        default=0,
        ge=0,
        description="First line to read of each file, counted from 0.",
        json_schema_extra=RARE,
    )
    limit: int = Field(
        default=DEFAULT_LINES, ge=1, description="Most lines to read of each file.", json_schema_extra=RARE
    )


@dataclass
class _Targets:
    """What the paths of a call lead to. `errors` are lines for the model."""

    places: list[Place] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    left_out: int = 0

    def add(self, place: Place) -> None:
        if place in self.places:
            return
        if len(self.places) < _MOST_FILES:
            self.places.append(place)
        else:
            self.left_out += 1


@dataclass
class _Harvest:
    blocks: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    faults: list[ToolError] = field(default_factory=list)


class ReadManyFiles(Tool[ReadManyFilesParams]):
    name = "read_many_files"
    kind = Kind.READ
    rank = Rank.COMMON
    params = ReadManyFilesParams
    argument_aliases = {"files": "paths", "path": "paths", "absolute_paths": "paths", "file_paths": "paths"}

    def __init__(
        self, workspace: Workspace, ledger: ReadLedger, *, sees_images: bool, expand: Expand
    ) -> None:
        self._workspace = workspace
        self._expand = expand
        self._pending = Pending[_Targets]()
        self._reader = Reader(workspace, ledger, sees_images=sees_images)

    def title(self, p: ReadManyFilesParams) -> str:
        more = f" and {len(p.paths) - 2} more" if len(p.paths) > 2 else ""
        return f"Read {', '.join(p.paths[:2])}{more}"

    async def permission(self, p: ReadManyFilesParams, call: Call) -> PermissionRequest | None:
        """Every file is declared, also one that only a pattern names, so that a rule can deny it. Only paths that
        are spelled out can lead to where reading asks; what a pattern matches there is left out."""
        targets = self._pending.keep(p, call, await self._targets(p))
        return read_request(self.name, targets.places, call) if targets.places else None

    async def run(self, p: ReadManyFilesParams, call: Call) -> ToolResult:
        targets = self._pending.take(p, call) or await self._targets(p)
        shares = await self._shares(targets.places, call.budget_chars)
        harvest = _Harvest()
        for place, share in zip(targets.places, shares, strict=True):
            await self._gather(place, Window(p.offset, p.limit, share), harvest)
        if targets.left_out:
            targets.errors.append(
                f"{targets.left_out} more files: at most {_MOST_FILES} are read in one call."
            )
        errors = [*targets.errors, *(str(fault) for fault in harvest.faults)]
        if not harvest.blocks:
            kinds = {fault.type for fault in harvest.faults} or {ErrorType.FILE_NOT_FOUND}
            raise ToolError("\n".join(errors), kinds.pop() if len(kinds) == 1 else ErrorType.FAILED)
        listed = ["Errors:\n" + "\n".join(f"- {error}" for error in errors)] if errors else []
        return ToolResult(
            llm_content="\n".join([*harvest.blocks, *listed]),
            return_display=FilesBlock(paths=tuple(harvest.shown), total=len(harvest.shown)),
            images=tuple(harvest.images),
        )

    async def _targets(self, p: ReadManyFilesParams) -> _Targets:
        targets = _Targets()
        for path in p.paths:
            if not _is_pattern(path):
                targets.add(self._workspace.locate(path))
                continue
            literal = self._workspace.locate(path)
            if freely_readable(literal) and await self._workspace.stat(literal):
                targets.add(literal)  # a file such as app/[id].tsx
            else:
                await self._add_matches(path, targets)
        return targets

    async def _add_matches(self, pattern: str, targets: _Targets) -> None:
        places = [self._workspace.locate(path) for path in await self._expand(pattern)]
        if not places:
            targets.errors.append(f"No file matches {pattern}.")
        for place in places:
            if freely_readable(place):
                targets.add(place)
            else:
                why = place.read_guard or "outside the workspace"
                targets.errors.append(f"{place.shown}: {why}; name it in full to read it.")

    async def _shares(self, places: Sequence[Place], budget_chars: int) -> list[int]:
        """Characters for each file: all of a small one, and what small ones leave over for the others."""
        stats = [await self._workspace.stat(place) for place in places]
        sizes = [stat.size_bytes + _OVERHEAD_CHARS if stat else 0 for stat in stats]
        return fair_shares(sizes, budget_chars)

    async def _gather(self, place: Place, window: Window, harvest: _Harvest) -> None:
        try:
            seen = await self._reader.look(place, window)
        except ToolError as e:
            harvest.faults.append(e)
            return
        text = seen.text
        if len(harvest.images) + len(seen.images) > _MOST_IMAGES:
            text = f"{seen.summary}. Not attached: at most {_MOST_IMAGES} pictures go into one result."
        else:
            harvest.images.extend(seen.images)
        harvest.shown.append(place.shown)
        harvest.blocks.append(f"=== {place.shown} ===\n{text.rstrip(chr(10))}\n")


def fair_shares(sizes: Sequence[int], budget: int) -> list[int]:
    """`budget` poured into vessels of `sizes` until it is used up: the smallest fill first, the rest stay level.
    Nobody gets less than a few lines."""
    shares = [0] * len(sizes)
    left, waiting = budget, len(sizes)
    for index in sorted(range(len(sizes)), key=lambda i: sizes[i]):
        shares[index] = max(_LEAST_CHARS, min(sizes[index], left // waiting))
        left -= min(shares[index], left)
        waiting -= 1
    return shares


def _is_pattern(path: str) -> bool:
    return not _GLOB.isdisjoint(path)
