"""A workspace on a real directory with the file tools on it, called as the agent calls them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ollama_code.core.permission import PermissionRequest
from ollama_code.core.results import ToolResult
from ollama_code.tools.base import Call, P, Tool
from ollama_code.tools.edit.tool import Edit, EditParams
from ollama_code.tools.files.ledger import ReadLedger
from ollama_code.tools.files.many import ReadManyFiles, ReadManyFilesParams
from ollama_code.tools.files.read import ReadFile, ReadFileParams
from ollama_code.tools.files.write import WriteFile, WriteFileParams
from ollama_code.workspace.local import LocalWorkspace


@dataclass
class Desk:
    root: Path
    sees_images: bool = False
    budget_chars: int = 20_000
    asked: list[PermissionRequest] = field(default_factory=list)

    def __post_init__(self) -> None:
        workspace = LocalWorkspace(self.root)
        ledger = ReadLedger()
        self._read = ReadFile(workspace, ledger, sees_images=self.sees_images)
        self._many = ReadManyFiles(workspace, ledger, sees_images=self.sees_images, expand=self._expand)
        self.write_tool = WriteFile(workspace, ledger)
        self.edit_tool = Edit(workspace, ledger)
        self._calls = 0

    async def read(self, path: str, **rest: int) -> ToolResult:
        return await self._go(self._read, ReadFileParams(absolute_path=path, **rest))

    async def read_many(self, *paths: str, **rest: int) -> ToolResult:
        return await self._go(self._many, ReadManyFilesParams(paths=list(paths), **rest))

    async def write(self, path: str, content: str) -> ToolResult:
        return await self._go(self.write_tool, self.write_params(path, content))

    async def edit(self, path: str, old: str, new: str, *, every: bool = False) -> ToolResult:
        return await self._go(self.edit_tool, self.edit_params(path, old, new, every=every))

    async def ask_write(self, path: str, content: str) -> PermissionRequest | None:
        return await self.write_tool.permission(self.write_params(path, content), self.new_call())

    async def ask_edit(self, path: str, old: str, new: str) -> PermissionRequest:
        return await self.edit_tool.permission(self.edit_params(path, old, new), self.new_call())

    async def ask_read(self, path: str) -> PermissionRequest:
        return await self._read.permission(ReadFileParams(absolute_path=path), self.new_call())

    def write_params(self, path: str, content: str) -> WriteFileParams:
        return WriteFileParams(file_path=path, content=content)

    def edit_params(self, path: str, old: str, new: str, *, every: bool = False) -> EditParams:
        return EditParams(file_path=path, old_string=old, new_string=new, replace_all=every)

    def new_call(self) -> Call:
        self._calls += 1
        return Call(id=f"call-{self._calls}", budget_chars=self.budget_chars)

    async def _go(self, tool: Tool[P], p: P) -> ToolResult:
        call = self.new_call()
        if request := await tool.permission(p, call):
            self.asked.append(request)
        return await tool.run(p, call)

    async def _expand(self, pattern: str) -> tuple[str, ...]:
        return tuple(sorted(str(path) for path in self.root.glob(pattern) if path.is_file()))
