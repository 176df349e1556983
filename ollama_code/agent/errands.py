"""What the person does between turns, with the model's own tools: running a command, naming files to read.

Nobody is asked: the person typed it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import aclosing

from ollama_code.agent.overt import overt_for
from ollama_code.agent.record import canonical, timed, typed
from ollama_code.agent.runtime import Tooling
from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.core.events import ToolFinished, ToolProgressed, ToolStarted
from ollama_code.core.messages import ToolCall
from ollama_code.core.results import Progress, ToolResult
from ollama_code.core.text import shorten, well_formed
from ollama_code.tools.arguments import fit
from ollama_code.tools.base import AnyTool, Call

SHARED_CHARS = 10_000
"""How much of a command's output the model is shown."""
READ, LIST, RUN = "read_file", "list_directory", "run_shell_command"


async def run_for_person(tooling: Tooling, command: str) -> str:
    """Run a command, showing it as it goes; what the model is told of it.
    Raises: ToolError when there is no shell tool or the command cannot start."""
    tool = _tool(tooling, RUN)
    call = ToolCall(id=f"person_{secrets.token_hex(4)}", name=RUN, arguments={"command": command})
    tooling.emit(ToolStarted(call=call, title=f"! {command}", agent=tooling.agent))
    context = Call(id=call.id, budget_chars=SHARED_CHARS, agent=tooling.agent, by_person=True)
    result, params = ToolResult(llm_content="(no result)"), fit(tool, call.arguments, {}).params
    tooling.record(typed(tool.name, canonical(params), context))
    with timed(tooling, tool.name, context) as run:
        async with aclosing(tool.stream(params, context)) as items:
            async for item in items:
                match item:
                    case Progress(text=text):
                        tooling.emit(ToolProgressed(call_id=call.id, text=text, agent=tooling.agent))
                    case ToolResult():
                        run.result = result = item
    tooling.emit(ToolFinished(call_id=call.id, result=result, agent=tooling.agent))
    said = overt_for(well_formed(result.llm_content), tooling.emit, tooling.agent)
    output = shorten(said, SHARED_CHARS).text
    return f"The person ran this command:\n$ {command}\n{output}"


async def read_for_person(tooling: Tooling, paths: Sequence[str], budget_chars: int) -> str:
    """What is in the files and folders, each under its path. A word such as `property` that names nothing is
    taken for a word, not for a path."""
    budget = budget_chars // max(len(paths), 1)
    return "\n\n".join(filter(None, [await _read_one(tooling, path, budget) for path in paths]))


async def _read_one(tooling: Tooling, path: str, budget_chars: int) -> str:
    context = Call(id=f"person_{secrets.token_hex(4)}", budget_chars=budget_chars, agent=tooling.agent)
    try:
        try:
            text = await _content(tooling, READ, {"absolute_path": path}, context)
        except ToolError as e:
            if e.type != ErrorType.IS_DIRECTORY:
                raise
            text = await _content(tooling, LIST, {"path": path}, context)
    except ToolError as e:
        if e.type == ErrorType.FILE_NOT_FOUND and not set("/.") & set(path):
            return ""
        text = f"(not readable: {e})"
    text = overt_for(well_formed(text), tooling.emit, tooling.agent)
    return f"--- {path} ---\n{shorten(text, budget_chars).text}\n--- end of {path} ---"


async def _content(tooling: Tooling, name: str, arguments: dict[str, str], context: Call) -> str:
    tool = _tool(tooling, name)
    params = fit(tool, dict(arguments), {}).params
    tooling.record(typed(tool.name, canonical(params), context))
    with timed(tooling, tool.name, context) as run:
        run.result = await tool.run(params, context)
    return run.result.llm_content


def _tool(tooling: Tooling, name: str) -> AnyTool:
    found = tooling.toolset.find(name)
    if found is None:
        raise ToolError(f"{name} is switched off in the settings (coreTools, excludeTools).")
    return found.tool
