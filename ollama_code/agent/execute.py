"""Run one call from the model's words to a `ToolResult`. Never raises but for cancellation."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from dataclasses import dataclass

from ollama_code.agent.overt import overt_for
from ollama_code.agent.record import canonical, decided, timed, undeclared
from ollama_code.agent.runtime import Tooling
from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import SessionError, ToolError
from ollama_code.core.events import PhaseChanged, ToolFinished, ToolProgressed, ToolStarted
from ollama_code.core.messages import ToolCall
from ollama_code.core.permission import PermissionRequest
from ollama_code.core.phase import Phase
from ollama_code.core.results import Progress, ToolFault, ToolResult
from ollama_code.core.text import one_line, shorten, well_formed
from ollama_code.permissions.gate import Ruling
from ollama_code.tools.arguments import Fitted, fit
from ollama_code.tools.base import AnyTool, Call
from ollama_code.tools.more import meant

log = logging.getLogger(__name__)


@dataclass
class Attempt:
    """One call being carried out. `began` once its tool runs: from then on it may have changed something. With
    `insists`, a clause that says why, it asks even where it would be allowed."""

    call: ToolCall
    began: bool = False
    insists: str = ""


@dataclass(frozen=True)
class Executed:
    """`ends_turn`: a person refused this call without a word."""

    result: ToolResult
    ends_turn: bool = False


def failed(message: str, type: ErrorType) -> ToolResult:
    return ToolResult(llm_content=f"Error: {message}", error=ToolFault(message=message, type=type))


async def execute(tooling: Tooling, attempt: Attempt, budget_chars: int) -> Executed:
    """Find the tool, fit the arguments, get permission, run it, bound what it says to `budget_chars`."""
    call = attempt.call
    context = Call(id=call.id, budget_chars=budget_chars, agent=tooling.agent)
    try:
        executed = await _attempt(tooling, attempt, context)
    except ToolError as e:
        executed = Executed(failed(str(e), e.type))
    except Exception as e:
        log.exception("tool %s crashed", call.name)
        message = f"{call.name} failed inside the program: {type(e).__name__}: {one_line(str(e))}"
        executed = Executed(failed(message, ErrorType.UNHANDLED))
    result = await _bounded(tooling, call, executed.result, budget_chars)
    tooling.emit(ToolFinished(call_id=call.id, result=result, agent=tooling.agent))
    return Executed(result, executed.ends_turn)


def refuse(tooling: Tooling, call: ToolCall, why: str) -> Executed:
    """A call that is not carried out, shown and answered like one that failed."""
    tooling.emit(ToolStarted(call=call, title=one_line(call.name), agent=tooling.agent))
    if tooling.toolset.find(call.name) is None:
        result = failed(_unknown(tooling, call.name), ErrorType.UNKNOWN_TOOL)
    else:
        result = failed(why, ErrorType.INVALID_PARAMS)
    tooling.emit(ToolFinished(call_id=call.id, result=result, agent=tooling.agent))
    return Executed(result)


async def _attempt(tooling: Tooling, attempt: Attempt, context: Call) -> Executed:
    call = meant(attempt.call, tooling.toolset)
    found = tooling.toolset.find(call.name)
    if found is None:
        tooling.emit(ToolStarted(call=call, title=one_line(call.name), agent=tooling.agent))
        raise ToolError(_unknown(tooling, call.name), ErrorType.UNKNOWN_TOOL)
    tool = found.tool
    try:
        fitted = fit(tool, call.arguments, found.defaults)
    except ToolError:
        tooling.emit(ToolStarted(call=call, title=tool.name, agent=tooling.agent))
        raise
    tooling.emit(ToolStarted(call=call, title=one_line(tool.title(fitted.params)), agent=tooling.agent))
    ruling = await _admitted(_Asking(tooling, attempt.insists), tool, fitted, context)
    if not ruling.allow:
        return Executed(failed(ruling.reason, ErrorType.DENIED), ruling.ends_turn)
    attempt.began = True
    with timed(tooling, tool.name, context) as run:
        run.result = await _run(tooling, tool, fitted, context)
    return Executed(run.result)


@dataclass(frozen=True)
class _Asking:
    """Who decides on a call: the gate, which `insists` on asking or not."""

    tooling: Tooling
    insists: str

    async def admit(self, request: PermissionRequest) -> Ruling:
        gate, agent = self.tooling.gate, self.tooling.agent
        return await (
            gate.insist(request, agent, self.insists) if self.insists else gate.admit(request, agent)
        )


async def _admitted(asking: _Asking, tool: AnyTool, fitted: Fitted, context: Call) -> Ruling:
    """What was decided on is what runs: when it became something else while a person thought, it is decided anew."""
    tooling, arguments = asking.tooling, canonical(fitted.params)
    request = await tool.permission(fitted.params, context)
    while request is not None:
        ruling = await asking.admit(request)
        tooling.record(decided(request, arguments, ruling, tooling.agent))
        again = await tool.permission(fitted.params, context) if ruling.allow and ruling.asked else request
        if again is not None and again.digest(arguments) == request.digest(arguments):
            return ruling
        request = again
    tooling.record(undeclared(tool.name, arguments, context))
    return Ruling(allow=True)


async def _run(tooling: Tooling, tool: AnyTool, fitted: Fitted, context: Call) -> ToolResult:
    running = Phase(name="running", detail=one_line(tool.title(fitted.params)))
    tooling.emit(PhaseChanged(phase=running, agent=tooling.agent))
    result: ToolResult | None = None
    async with aclosing(tool.stream(fitted.params, context)) as items:
        async for item in items:
            match item:
                case Progress(text=text):
                    tooling.emit(ToolProgressed(call_id=context.id, text=text, agent=tooling.agent))
                case ToolResult():
                    result = item
    if result is None:
        raise ToolError(f"{tool.name} ended without a result. Try it once more.", ErrorType.FAILED)
    if fitted.notes:
        noted = "\n".join((result.llm_content, *fitted.notes))
        result = result.model_copy(update={"llm_content": noted})
    return result


def _unknown(tooling: Tooling, name: str) -> str:
    near = tooling.toolset.nearest(name)
    choice = (
        f"Did you mean {' or '.join(near)}?"
        if near
        else f"The tools are: {', '.join(tooling.toolset.names)}."
    )
    return f"There is no tool named {one_line(name, limit=80)}. {choice}"


async def _bounded(tooling: Tooling, call: ToolCall, result: ToolResult, budget_chars: int) -> ToolResult:
    """The result with text that fits the window and the wire; what was cut can be read from a file."""
    text = overt_for(well_formed(result.llm_content), tooling.emit, tooling.agent)
    if len(text) > budget_chars:
        note = await asyncio.to_thread(_kept, tooling, call, text)
        note = note if len(note) <= budget_chars // 2 else ""
        text = f"{shorten(text, budget_chars - len(note)).text}\n{note}".rstrip("\n")
    return result if text == result.llm_content else result.model_copy(update={"llm_content": text})


def _kept(tooling: Tooling, call: ToolCall, text: str) -> str:
    try:
        path = tooling.outputs.keep(call.id, text)
    except SessionError:
        return "[The whole output could not be saved.]"
    return f"[The whole output is in {path}: read_file with offset and limit shows the rest.]"
