"""The program's own tools in a folder, and tools that are made up, to see what many of them do to a small window."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from ollama_code.core.permission import Kind
from ollama_code.tools.base import AnyTool, Params, Rank, Tool
from ollama_code.tools.builtin import Parts, builtin
from ollama_code.tools.files.ledger import ReadLedger
from ollama_code.tools.schema import RARE
from ollama_code.tools.todo import TodoList
from ollama_code.tools.toolset import Toolset
from ollama_code.workspace.jobs import Jobs
from ollama_code.workspace.local import LocalWorkspace
from tests.confined import unconfined


def nothing(event: object) -> None:
    pass


def real_tools(folder: Path) -> Toolset:
    return builtin(
        Parts(
            workspace=LocalWorkspace(folder),
            ledger=ReadLedger(),
            jobs=Jobs(folder / "jobs", nothing),
            sandbox=unconfined(folder),
            todos=TodoList(nothing),
            asker=None,
            emit=nothing,
            environment={},
            sees_images=False,
            withheld=lambda path: False,
        )
    )


class InventedParams(Params):
    action: str = Field(description="One of the actions.")
    target: str = Field(default="", description="Path or name it works on.")
    args: tuple[str, ...] = Field(default=(), description="More arguments of the command.")
    pause: int = Field(default=1, description="Seconds between two tries.", json_schema_extra=RARE)


def invented(tool: str, its_rank: Rank = Rank.SPECIAL, its_markers: tuple[str, ...] = ()) -> AnyTool:
    class Invented(Tool[InventedParams]):
        name = tool
        kind = Kind.EXECUTE
        rank = its_rank
        markers = its_markers
        params = InventedParams
        description = (
            f"Do what {tool} does in this project.\n" + "Here is more to know about the matter. " * 6
        )

    return Invented()


def with_invented(toolset: Toolset, count: int) -> Toolset:
    """`toolset` and `count` tools behind it, every fifth of them common."""
    ranks = (Rank.SPECIAL if number % 5 else Rank.COMMON for number in range(count))
    made = (invented(f"invented_{number}", rank) for number, rank in enumerate(ranks))
    return Toolset((*toolset.tools, *made), toolset.aliases)
