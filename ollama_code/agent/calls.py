"""The calls of one answer: in order, reads together, each with exactly one result in the history."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from ollama_code.agent.context import Context
from ollama_code.agent.execute import Attempt, Executed, execute, refuse
from ollama_code.agent.loops import LoopGuard, gist
from ollama_code.agent.runtime import Runtime
from ollama_code.core.events import StopReason
from ollama_code.core.messages import ToolCall, ToolMessage
from ollama_code.core.permission import Kind
from ollama_code.tools.more import meant

NOT_RUN = "Not run: the turn was stopped."
STOPPED = "Stopped while it ran: it may have done part of its work. Look before you do it again."
NOT_RUN_REFUSED = "Not run: the person refused an earlier call of this answer."
PARALLEL_READS = 8
"""How many reads of one answer run at once: enough to hide the disk, few enough to keep descriptors."""


async def run_calls(
    rt: Runtime, context: Context, guard: LoopGuard, calls: Sequence[ToolCall], refused: Mapping[str, str]
) -> StopReason | None:
    """Run `calls` and add their results in order; those in `refused`, and those that only repeat themselves, get the
    reason instead. "denied" when a person's bare no ends the turn."""
    left = len(calls)
    refused = dict(refused)
    for batch in _batches(calls, refused, rt):
        for call in batch:
            if call.id not in refused and (why := await guard.refusal(_plain(rt, call))):
                refused[call.id] = why
        budget = context.meter.result_budget(context.history, left)
        attempts = [Attempt(call) for call in batch]
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(_carry_out(rt, attempt, budget, refused.get(attempt.call.id)))
                    for attempt in attempts
                ]
        finally:  # what was done before a stop is told as it was
            for attempt, task in zip(attempts, tasks, strict=True):
                context.add(_answer(attempt, task))
        for call, task in zip(batch, tasks, strict=True):
            if call.id not in refused:
                made = _plain(rt, call)
                said = gist(task.result().result.llm_content, budget, reads=_reads(rt, made))
                await guard.note(made, said)
        left -= len(batch)
        if any(task.result().ends_turn for task in tasks):
            context.close_calls(NOT_RUN_REFUSED)
            return "denied"
    return None


def _plain(rt: Runtime, call: ToolCall) -> ToolCall:
    """`call` under the tool's own name, with all that an alias says, whatever it was called through."""
    inner = meant(call, rt.tooling.toolset)
    found = rt.tooling.toolset.find(inner.name)
    if found is None:
        return inner
    return ToolCall(id=call.id, name=found.tool.name, arguments={**found.defaults, **inner.arguments})


async def _carry_out(rt: Runtime, attempt: Attempt, budget: int, why_not: str | None) -> Executed:
    if why_not is not None:
        return refuse(rt.tooling, attempt.call, why_not)
    return await execute(rt.tooling, attempt, budget)


def _answer(attempt: Attempt, task: asyncio.Task[Executed]) -> ToolMessage:
    call = attempt.call
    if task.cancelled():
        return ToolMessage(call_id=call.id, name=call.name, text=STOPPED if attempt.began else NOT_RUN)
    result = task.result().result
    return ToolMessage(call_id=call.id, name=call.name, text=result.llm_content, images=result.images)


def _batches(calls: Sequence[ToolCall], refused: Mapping[str, str], rt: Runtime) -> Iterator[list[ToolCall]]:
    """Neighbouring reads run together; anything that changes the world runs alone, in order."""

    def harmless(call: ToolCall) -> bool:
        return call.id in refused or _reads(rt, call)

    for together, group in groupby(calls, harmless):
        run = list(group)
        size = PARALLEL_READS if together else 1
        yield from (run[i : i + size] for i in range(0, len(run), size))


def _reads(rt: Runtime, call: ToolCall) -> bool:
    found = rt.tooling.toolset.find(call.name)
    return found is not None and found.tool.kind is Kind.READ
