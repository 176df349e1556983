"""Commands about the work in hand: tools, todos, background jobs."""

from __future__ import annotations

from collections.abc import Mapping

from ollama_code.commands.base import Desk, Outcome, Say, SlashCommand
from ollama_code.core.errors import ToolError
from ollama_code.core.head import Head
from ollama_code.core.text import one_line
from ollama_code.tools.more import MORE
from ollama_code.tools.schema import wire_tool
from ollama_code.tools.tiers.budget import head_tokens, price, tokens

_MARKS = {"pending": "[ ]", "in_progress": "[>]", "completed": "[x]"}
_TAIL_CHARS = 4000


async def _tools(desk: Desk, words: str) -> Outcome:
    head, toolset = desk.session.head, desk.session.toolset
    if head.acting == "constrained":
        return Say("\n".join((_described(head), *(f"  {name}" for name in head.tool_names or toolset.names))))
    if not head.tools:
        return Say(f"{head.model} has no tools: the model cannot call any.")
    offered = {name: price([tool]) for name, tool in zip(head.tool_names, head.tools, strict=True)}
    others = {
        tool.name: price([wire_tool(tool.name, tool.description, tool.params)])
        for tool in toolset.tools
        if tool.name not in (*offered, MORE)
    }
    whole = f"{head_tokens(head.system, head.tools):,} of the {head.num_ctx:,} tokens of the window"
    rows = [f"System text ({tokens(len(head.system)):,} tokens) and tools take {whole}:", *_priced(offered)]
    if others:
        rows += [
            "Found through more_tools, which costs this much when the model looks one up:",
            *_priced(others),
        ]
    return Say("\n".join(rows))


def _described(head: Head) -> str:
    return f"The system text ({tokens(len(head.system)):,} tokens) describes what the model can call:"


def _priced(prices: Mapping[str, int]) -> list[str]:
    width = max(map(len, prices))
    return [f"  {name:<{width}}  {cost:>5,}" for name, cost in prices.items()]


async def _todos(desk: Desk, words: str) -> Outcome:
    rows = [f"  {_MARKS[item.status]} {one_line(item.content)}" for item in desk.todos.items]
    return Say("\n".join(rows) or "There are no todos.")


async def _jobs(desk: Desk, words: str) -> Outcome:
    action, _, id = words.partition(" ")
    try:
        match action:
            case "":
                return Say(_listed(desk))
            case "tail":
                return Say(await desk.jobs.tail(id.strip(), _TAIL_CHARS) or "No output yet.")
            case "stop":
                return Say(f"{id.strip()}: {(await desk.jobs.stop(id.strip())).outcome}")
            case "detach":
                job = await desk.jobs.detach(id.strip())
                return Say(f"{job.id} (pid {job.pid}) goes on after this session.")
            case _:
                return Say("Use /jobs, /jobs tail ID, /jobs stop ID or /jobs detach ID.")
    except ToolError as e:
        return Say(e.sentence)


def _listed(desk: Desk) -> str:
    rows = [f"  {job.id}  {job.outcome or 'running'}  {one_line(job.command)}" for job in desk.jobs.list()]
    return "\n".join(rows) or "There are no background jobs."


WORK_COMMANDS = (
    SlashCommand("tools", "what the model can call, and its price", _tools, waits=False),
    SlashCommand("todos", "the plan of the task in hand", _todos, waits=False),
    SlashCommand("jobs", "background commands", _jobs, "[tail|stop|detach ID]", waits=False),
)
