"""The loop. Stateless: history in, history grown, events out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from itertools import groupby

from ollama_code.agent.execute import Attempt, Executed, execute
from ollama_code.agent.meter import Meter
from ollama_code.agent.runtime import Runtime
from ollama_code.agent.step import Draft, StepFailed, take_step
from ollama_code.core.events import MessageAdded, Notice, StepStarted, StopReason
from ollama_code.core.messages import AssistantMessage, Message, ToolCall, ToolMessage, UserMessage
from ollama_code.core.permission import Kind

NOT_RUN = "Not run: the turn was stopped."
STOPPED = "Stopped while it ran: it may have done part of its work. Look before you do it again."
UNKNOWN = "The program ended before this call: it may have done all of its work or part. Look before you do it again."
NOT_RUN_REFUSED = "Not run: the person refused an earlier call of this answer."
NUDGE = "Your last answer was empty. Answer in words, or call a tool."
PARALLEL_READS = 8
"""How many reads of one answer run at once: enough to hide the disk, few enough to keep descriptors."""


async def run_turn(rt: Runtime, history: list[Message], meter: Meter) -> StopReason:
    """Alternate model and tools until the model stops calling. Appends to `history` in order; whatever ends the
    turn, every call in it has an answer.
    Raises: ProviderError when the model cannot be asked, CancelledError when the turn is stopped."""
    try:
        return await _alternate(rt, history, meter)
    except StepFailed as e:
        if kept := e.draft.cut_off():
            add(rt, history, kept)
        raise e.cause from None
    finally:
        close_open_calls(rt, history, NOT_RUN)


async def _alternate(rt: Runtime, history: list[Message], meter: Meter) -> StopReason:
    nudged = False
    for number in range(1, rt.max_steps + 1):
        rt.emit(StepStarted(number=number, agent=rt.agent))
        draft = await take_step(rt, history, meter)
        if draft.is_empty():
            if nudged:
                rt.emit(Notice(text="The model answered with nothing, twice.", agent=rt.agent))
                return "failed"
            nudged = True
            add(rt, history, UserMessage(text=NUDGE))
            continue
        reply = draft.message()
        add(rt, history, reply)
        _measure(meter, history, draft)
        if not reply.calls:
            if draft.end and draft.end.reason == "length":
                rt.emit(Notice(text="The answer reached the end of the context window.", agent=rt.agent))
            return "done"
        if await _run_calls(rt, history, reply.calls, meter):
            return "denied"
    rt.emit(Notice(text=f"Stopped after {rt.max_steps} steps (--max-steps).", agent=rt.agent))
    return "step_limit"


def _measure(meter: Meter, history: list[Message], draft: Draft) -> None:
    if draft.end is not None:
        meter.note(history, draft.end.usage)


async def _run_calls(rt: Runtime, history: list[Message], calls: Sequence[ToolCall], meter: Meter) -> bool:
    """Run the calls of one answer and add their results in call order; true when a person's bare no ends it."""
    left = len(calls)
    for batch in _batches(calls, rt):
        budget = meter.result_budget(history, left)
        attempts = [Attempt(call) for call in batch]
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(execute(rt.tooling, attempt, budget)) for attempt in attempts]
        finally:  # what was done before a stop is told as it was
            for attempt, task in zip(attempts, tasks, strict=True):
                add(rt, history, _answer(attempt, task))
        left -= len(batch)
        if any(task.result().ends_turn for task in tasks):
            close_open_calls(rt, history, NOT_RUN_REFUSED)
            return True
    return False


def _answer(attempt: Attempt, task: asyncio.Task[Executed]) -> ToolMessage:
    call = attempt.call
    if task.cancelled():
        return ToolMessage(call_id=call.id, name=call.name, text=STOPPED if attempt.began else NOT_RUN)
    result = task.result().result
    return ToolMessage(call_id=call.id, name=call.name, text=result.llm_content, images=result.images)


def _batches(calls: Sequence[ToolCall], rt: Runtime) -> Iterator[list[ToolCall]]:
    """Neighbouring reads run together; anything that changes the world runs alone, in order."""

    def reads(call: ToolCall) -> bool:
        found = rt.tooling.toolset.find(call.name)
        return found is not None and found.tool.kind is Kind.READ

    for together, group in groupby(calls, reads):
        run = list(group)
        size = PARALLEL_READS if together else 1
        yield from (run[i : i + size] for i in range(0, len(run), size))


def add(rt: Runtime, history: list[Message], message: Message) -> None:
    history.append(message)
    rt.emit(MessageAdded(message=message, agent=rt.agent))


def close_open_calls(rt: Runtime, history: list[Message], text: str) -> None:
    """Answer every unanswered call of the last answer, so that the history stays valid for the next turn."""
    last = next((i for i in reversed(range(len(history))) if isinstance(history[i], AssistantMessage)), None)
    if last is None:
        return
    reply = history[last]
    assert isinstance(reply, AssistantMessage)
    answered = {m.call_id for m in history[last + 1 :] if isinstance(m, ToolMessage)}
    for call in reply.calls:
        if call.id not in answered:
            add(rt, history, ToolMessage(call_id=call.id, name=call.name, text=text))
