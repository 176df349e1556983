"""Fills a recipe in: files are read and commands run by the model's own tools, each under the rules of the session.

A command in it asks every time, whatever the mode and the rules would let run: the file that names it may have come
with the project."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import assert_never

from ollama_code.agent.execute import Attempt, execute
from ollama_code.agent.overt import overt_for
from ollama_code.agent.runtime import Tooling
from ollama_code.core.error_type import ErrorType
from ollama_code.core.messages import Arguments, ToolCall
from ollama_code.core.recipe import CommandSlot, FileSlot, Piece, Recipe, Words
from ollama_code.core.results import ToolResult

READ, LIST, RUN = "read_file", "list_directory", "run_shell_command"


async def filled(tooling: Tooling, recipe: Recipe, budget_chars: int) -> str | None:
    """The words for the model, or `None` when a command in it was refused: then nothing is said to the model."""
    slots = sum(not isinstance(piece, Words) for piece in recipe.pieces)
    budget = budget_chars // max(slots, 1)
    why = f"{recipe.name} is a command from a file, and each one in it asks"
    parts: list[str] = []
    for piece in recipe.pieces:
        part = await _part(_Kitchen(tooling, budget, why), piece)
        if part is None:
            return None
        parts.append(part)
    return "".join(parts)


@dataclass(frozen=True)
class _Kitchen:
    """What a piece is made with. `budget_chars` is what it may take, `why` why a command asks."""

    tooling: Tooling
    budget_chars: int
    why: str

    async def done(self, tool: str, arguments: Arguments, *, insists: str = "") -> ToolResult:
        call = ToolCall(id=f"person_{secrets.token_hex(4)}", name=tool, arguments=arguments)
        return (await execute(self.tooling, Attempt(call, insists=insists), self.budget_chars)).result


async def _part(kitchen: _Kitchen, piece: Piece) -> str | None:
    match piece:
        case Words(text=text):
            return overt_for(text, kitchen.tooling.emit, kitchen.tooling.agent)
        case FileSlot(path=path):
            return f"--- {path} ---\n{await _content(kitchen, path)}\n--- end of {path} ---"
        case CommandSlot(command=command):
            result = await kitchen.done(RUN, {"command": command}, insists=kitchen.why)
            return None if _denied(result) else result.llm_content
        case _:
            assert_never(piece)


async def _content(kitchen: _Kitchen, path: str) -> str:
    result = await kitchen.done(READ, {"absolute_path": path})
    if result.error is not None and result.error.type == ErrorType.IS_DIRECTORY:
        result = await kitchen.done(LIST, {"path": path})
    return f"(not readable: {result.error.message})" if result.error is not None else result.llm_content


def _denied(result: ToolResult) -> bool:
    return result.error is not None and result.error.type == ErrorType.DENIED
