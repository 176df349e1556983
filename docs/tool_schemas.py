"""Writes docs/TOOL_SCHEMAS.md: every tool as a model reads it, and what it costs. `make schemas` runs it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ollama_code.tools.base import AnyTool
from ollama_code.tools.builtin import Parts, builtin
from ollama_code.tools.files.ledger import ReadLedger
from ollama_code.tools.more import MORE, with_more
from ollama_code.tools.schema import Detail, wire_tool
from ollama_code.tools.tiers.budget import CHARS_PER_TOKEN, budget_tokens, price, tokens
from ollama_code.tools.tiers.choose import Room, Tier, choose_tier
from ollama_code.tools.todo import TodoList
from ollama_code.tools.toolset import Toolset
from ollama_code.workspace.jobs import Jobs
from ollama_code.workspace.local import LocalWorkspace
from ollama_code.workspace.sandbox.sandbox import Grounds, Sandbox, Wishes

PAGE = Path(__file__).with_name("TOOL_SCHEMAS.md")
WINDOWS = (4096, 8192, 16384, 32768)
INTRODUCTION = f"""\
# Tool schemas

What a model reads of each tool, and its price. Written by `make schemas` from the code; a test keeps it current.

A token is counted as {CHARS_PER_TOKEN} characters, before a model has counted any. System text and tools together
take at most 15 % of the context window, 1,200 tokens of a window of 8,192 and 2,500 of a larger one. So a session
chooses at its start, by the window and the project, which tools to offer and in how many words: `full` is all of the
text, `short` the first line of each description without seldom used arguments, `bare` only names, types and what is
required. What is left out is reached through `more_tools`, under its own permission; `/tools` shows what a session
offers. Arguments that a shorter text leaves out are understood all the same.
"""


def page() -> str:
    """The whole file."""
    with tempfile.TemporaryDirectory() as folder:
        toolset = _toolset(Path(folder))
        parts = (INTRODUCTION, _tiers(toolset), _prices(toolset), *_schemas(toolset))
        return "\n".join(parts)


def _toolset(folder: Path) -> Toolset:
    def nothing(event: object) -> None:
        pass

    jobs, workspace = Jobs(folder / "jobs", nothing), LocalWorkspace(folder)
    parts = Parts(
        workspace=workspace,
        ledger=ReadLedger(),
        jobs=jobs,
        sandbox=Sandbox(Grounds((str(folder),), home=str(folder)), Wishes(enabled=False)),
        todos=TodoList(nothing),
        asker=None,
        emit=nothing,
        environment={},
        sees_images=False,
        withheld=lambda path: False,
    )
    workspace.close()
    return builtin(parts)


def _tiers(toolset: Toolset) -> str:
    """One column for each window, one row for each tool."""
    tiers = [choose_tier(toolset, Room(num_ctx)) for num_ctx in WINDOWS]
    head = ["window", *(f"{num_ctx:,}" + ("+" if num_ctx == WINDOWS[-1] else "") for num_ctx in WINDOWS)]
    rows = [["system text", *(f"{tokens(len(tier.system)):,}" for tier in tiers)]]
    rows += [[f"`{name}`", *(_cell(tier, name) for tier in tiers)] for name in (*toolset.names, MORE)]
    rows.append(["**together**", *(f"**{tier.tokens:,}**" for tier in tiers)])
    rows.append(["at most", *(f"{budget_tokens(num_ctx):,}" for num_ctx in WINDOWS)])
    text = "In a project that no tool is made for; tokens, and how much of a tool is told.\n"
    return f"## By window\n\n{text}\n{_table(head, rows)}"


def _cell(tier: Tier, name: str) -> str:
    told = next((told for told in tier.told if told.tool.name == name), None)
    if told is None:
        return "not needed" if name == MORE else "through `more_tools`"
    return f"{price([told.wire]):,} {told.detail.word}"


def _prices(toolset: Toolset) -> str:
    rows = [
        [f"`{tool.name}`", *(f"{_price(tool, detail):,}" for detail in Detail)] for tool in _every(toolset)
    ]
    return f"## By length\n\n{_table(['tool', *(detail.word for detail in Detail)], rows)}"


def _price(tool: AnyTool, detail: Detail) -> int:
    return price([wire_tool(tool.name, tool.description, tool.params, detail)])


def _schemas(toolset: Toolset) -> Iterator[str]:
    yield "## Schemas\n"
    for tool in _every(toolset):
        yield f"### {tool.name}\n"
        for detail in reversed(Detail):
            function = wire_tool(tool.name, tool.description, tool.params, detail)["function"]
            yield f"{detail.word.capitalize()}, {_price(tool, detail):,} tokens:\n"
            yield f"```json\n{json.dumps(function, indent=2 if detail is Detail.FULL else None)}\n```\n"


def _every(toolset: Toolset) -> tuple[AnyTool, ...]:
    return with_more(toolset, ()).tools


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = (f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows))
    return "\n".join((*lines, ""))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
