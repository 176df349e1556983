"""Commands about the work in hand: tools, todos, background jobs."""

from __future__ import annotations

from ollama_code.commands.base import Desk, Outcome, Say, SlashCommand
from ollama_code.core.errors import ToolError
from ollama_code.core.text import one_line

_MARKS = {"pending": "[ ]", "in_progress": "[>]", "completed": "[x]"}
_TAIL_CHARS = 4000


async def _tools(desk: Desk, words: str) -> Outcome:
    if not desk.session.head.tools:
        return Say(f"{desk.session.head.model} has no tools: the model cannot call any.")
    return Say("\n".join(f"  {name}" for name in desk.session.tool_names))


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
    SlashCommand("tools", "what the model can call", _tools),
    SlashCommand("todos", "the plan of the task in hand", _todos),
    SlashCommand("jobs", "background commands", _jobs, "[tail|stop|detach ID]"),
)
