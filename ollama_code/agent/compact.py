"""The conversation becomes a summary of itself, written by the model, and its last turns.

The request for the summary is appended to the live prompt, so the engine reads only that request; the prompt
after it is new by nature. Only a conversation that does not fit any more is shortened for that request."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace

from ollama_code.agent.alarm import DidNotFit, sound, take_whole_step
from ollama_code.agent.carry import carried
from ollama_code.agent.context import Context
from ollama_code.agent.exchange import Manner, declared
from ollama_code.agent.meter import Meter
from ollama_code.agent.runtime import Runtime
from ollama_code.agent.step import Draft, StepFailed
from ollama_code.agent.understand import understood
from ollama_code.core.errors import SessionError
from ollama_code.core.events import CallDrafted, Event, PhaseChanged, TextDelta, ThinkingDelta
from ollama_code.core.head import Acting
from ollama_code.core.messages import Arguments, AssistantMessage, Message, UserMessage
from ollama_code.core.phase import Phase
from ollama_code.core.text import shorten

REQUEST = (
    "Do not call tools now. Summarise this conversation for yourself, because the messages above will be removed: "
    "the task in the person's own words, decisions, what was changed in which files, what was learnt, open todos, "
    "and the next step. Be complete about names, paths and numbers; leave out everything else."
)
WHY = "compaction"
_BOUND = Manner(side=True, think=False, bound=())
_MANNERS: dict[Acting, tuple[Manner, ...]] = {
    "native": (Manner(side=True), _BOUND),
    "constrained": (Manner(side=True, bound=()), _BOUND),
}
"""A model that calls a tool instead is bound to an answer in words; one that always was stays so."""
_ROOM_SHARE = 0.2
"""Share of the window that is made free for the summary of a conversation that fills it."""
_ARGUMENT_CHARS = 400
_LEAST_CHARS = 160
"""Below this the line that counts what is missing costs more than it saves."""


async def compact(rt: Runtime, context: Context) -> None:
    """What a person asks for: replace the history in place and announce it.
    Raises: SessionError when there is nothing to make room from, or no summary; ProviderError, CancelledError, with
    the history untouched."""
    if len(context.history) < 3 and context.meter.used(context.history) < context.meter.num_ctx // 2:
        raise SessionError("The conversation is too short to compact.")
    summary = await _summary(rt, context)
    if not summary:
        raise SessionError("The model wrote no summary. The conversation is unchanged; try /compact again.")
    go_on_from(rt, context, summary)


async def summarise(rt: Runtime, context: Context) -> bool:
    """The same where nobody asked, so that it has to work: without a summary the person's words, the todos and the
    files still stay. Whether the model wrote one.
    Raises: ProviderError, CancelledError, with the history untouched."""
    summary = await _summary(rt, context) if len(context.history) > 1 else ""
    go_on_from(rt, context, summary)
    return bool(summary)


def go_on_from(rt: Runtime, context: Context, summary: str) -> None:
    """Begin again with `summary` and what has to stay beside it."""
    shorter = carried(context.history, summary, context.standing(), context.meter)
    rt.watch.restart(WHY)
    context.replace(shorter)


async def _summary(rt: Runtime, context: Context) -> str:
    """What the model writes, without a word of it being shown as an answer; empty when it writes nothing."""
    messages = [*context.history, UserMessage(text=REQUEST, by="program")]
    used = context.meter.used(context.history)
    rt.emit(PhaseChanged(phase=Phase(name="compacting", tokens=used), agent=rt.agent))
    quiet = _quiet(rt)
    for manner in _MANNERS[rt.head.acting]:
        try:
            if text := await _asked(quiet, messages, copy(context.meter), manner):
                return text
        except StepFailed as e:
            raise e.cause from None
    return ""


def _quiet(rt: Runtime) -> Runtime:
    """The same, but nobody sees how the summary is written: it is no answer."""

    def emit(event: Event) -> None:
        if not isinstance(event, TextDelta | ThinkingDelta | CallDrafted | PhaseChanged):
            rt.emit(event)

    return replace(rt, tooling=replace(rt.tooling, emit=emit))


async def _asked(rt: Runtime, messages: list[Message], meter: Meter, manner: Manner) -> str:
    """The answer in words; empty when there is none to all of `messages`, or to what is left of them when they do
    not fit."""
    try:
        draft = await take_whole_step(rt, messages, meter, manner)
    except DidNotFit as e:
        sound(rt, e)
        rt.watch.restart(WHY)  # what is sent now is shorter, and so is all that follows
        draft = await _asked_with_less(rt, messages, meter, manner)
    answer = understood(draft, declared(rt.tooling.toolset))
    return "" if answer.message.calls or answer.note else answer.message.text.strip()


async def _asked_with_less(rt: Runtime, messages: list[Message], meter: Meter, manner: Manner) -> Draft:
    estimate = Meter(rt.head, meter.learned)
    estimate.num_ctx = meter.num_ctx
    share = min(estimate.used(messages) / meter.used(messages), 1.0)  # the server counts more than we do
    limit = int(meter.num_ctx * (1 - _ROOM_SHARE) * share)
    try:
        return await take_whole_step(rt, _fitted(messages, estimate, limit), estimate, manner)
    except DidNotFit as e:
        sound(rt, e)
        return Draft()


def _fitted(messages: Sequence[Message], meter: Meter, limit: int) -> list[Message]:
    """The same messages in about `limit` tokens: the longest halved again and again, at last without the oldest
    turns; every call keeps its answer, and the last message stays as it is."""
    fitted = [_lean(message) for message in messages]
    excess = meter.used(fitted) - limit
    while excess > 0:
        i = max(range(len(fitted) - 1), key=lambda i: _spare(fitted[i]))
        if len(fitted[i].text) <= _LEAST_CHARS:
            break
        half = fitted[i].model_copy(update={"text": shorten(fitted[i].text, len(fitted[i].text) // 2).text})
        excess -= meter.size([fitted[i]]) - meter.size([half])
        fitted[i] = half
    while excess > 0 and (turn := _first_turn(fitted)):
        excess -= meter.size(fitted[:turn])
        del fitted[:turn]
    return fitted


def _spare(message: Message) -> int:
    """How much of it may go: what the person said is the last to be cut."""
    return len(message.text) // (8 if isinstance(message, UserMessage) else 1)


def _first_turn(messages: Sequence[Message]) -> int:
    """How many messages the first turn has; 0 when it is the only one."""
    starts = (i for i, message in enumerate(messages[:-1]) if i and isinstance(message, UserMessage))
    return next(starts, 0)


def _lean(message: Message) -> Message:
    """Without what a summary needs least: thinking, and the bulk of what calls carried."""
    if not isinstance(message, AssistantMessage):
        return message
    calls = tuple(call.model_copy(update={"arguments": _brief(call.arguments)}) for call in message.calls)
    return message.model_copy(update={"thinking": "", "calls": calls})


def _brief(arguments: Arguments) -> Arguments:
    return {
        key: shorten(value, _ARGUMENT_CHARS).text if isinstance(value, str) else value
        for key, value in arguments.items()
    }
