"""read_file: one file as text, as pictures or as a sentence about what it is, page by page."""

from __future__ import annotations

from pydantic import Field

from ollama_code.core.display import TextBlock
from ollama_code.core.permission import Kind, PermissionRequest
from ollama_code.core.results import ToolResult
from ollama_code.ports import Place, Workspace
from ollama_code.tools.base import Call, Params, Rank, Tool
from ollama_code.tools.files.ledger import ReadLedger
from ollama_code.tools.files.missing import missing_file
from ollama_code.tools.files.pages import Window
from ollama_code.tools.files.pending import Pending
from ollama_code.tools.files.reader import Reader
from ollama_code.tools.files.requests import freely_readable, read_request, shown_in
from ollama_code.tools.schema import PLAIN

DEFAULT_LINES = 2000


class ReadFileParams(Params):
    absolute_path: str = Field(description="Path of the file.", json_schema_extra=PLAIN)
    offset: int = Field(default=0, ge=0, description="First line, counted from 0.")
    limit: int = Field(
        default=DEFAULT_LINES,
        ge=1,
        description=f"Most lines to read (default {DEFAULT_LINES}).",
        json_schema_extra=PLAIN,
    )


class ReadFile(Tool[ReadFileParams]):
    name = "read_file"
    kind = Kind.READ
    rank = Rank.CORE
    params = ReadFileParams
    argument_aliases = {
        "file_path": "absolute_path",
        "path": "absolute_path",
        "filename": "absolute_path",
        "file": "absolute_path",
    }

    def __init__(self, workspace: Workspace, ledger: ReadLedger, *, sees_images: bool) -> None:
        self._workspace = workspace
        self._pending = Pending[Place]()
        self._reader = Reader(workspace, ledger, sees_images=sees_images)

    def title(self, p: ReadFileParams) -> str:
        return f"Read {shown_in(self._workspace, p.absolute_path)}"

    async def permission(self, p: ReadFileParams, call: Call) -> PermissionRequest:
        place = self._pending.keep(p, call, self._workspace.locate(p.absolute_path))
        if freely_readable(place) and await self._workspace.stat(place) is None:
            raise await missing_file(self._workspace, place)
        return read_request(self.name, [place], call)

    async def run(self, p: ReadFileParams, call: Call) -> ToolResult:
        place = self._pending.take(p, call) or self._workspace.locate(p.absolute_path)
        seen = await self._reader.look(place, Window(p.offset, p.limit, call.budget_chars))
        return ToolResult(
            llm_content=seen.text, return_display=TextBlock(text=seen.summary), images=seen.images
        )
