"""Making room: the conversation becomes a summary of itself, written by the model, and its last turn.

The request for the summary is appended to the live prompt, so the engine reads only that request; the prompt
after it is new by nature. Only a conversation that does not fit any more is shortened for that request."""

from __future__ import annotations

from collections.abc import Sequence

from ollama_code.agent.context import Context
from ollama_code.agent.meter import CHARS_PER_TOKEN, Meter
from ollama_code.agent.runtime import Runtime
from ollama_code.agent.step import Draft, Manner, StepFailed, take_step
from ollama_code.core.errors import ContextOverflow, SessionError
from ollama_code.core.events import Compacted
from ollama_code.core.messages import Arguments, AssistantMessage, Message, UserMessage
from ollama_code.core.text import shorten

REQUEST = (
    "Do not call tools now. Summarise this conversation for yourself, because the messages above will be removed: "
    "the task in the person's own words, decisions, what was changed in which files, what was learnt, open todos, "
    "and the next step. Be complete about names, paths and numbers; leave out everything else."
)
FRONT = "The conversation so far was removed to make room. Your own summary of it:"
KEPT_SHARE = 0.25
"""Share of the window that the last turn may keep word for word, and so may the person's last message."""
SUMMARY_SHARE = 0.2
"""Share of the window that is made free for the summary of a conversation that fills it."""
_ARGUMENT_CHARS = 400
_LEAST_CHARS = 160
"""Below this the line that counts what is missing costs more than it saves."""


async def compact(rt: Runtime, context: Context) -> None:
    """Replace the history in place and announce it.
    Raises: SessionError when there is nothing to make room from; ProviderError, CancelledError, with the history
    untouched."""
    history, meter = context.history, context.meter
    before = meter.used(history)
    if len(history) < 3 and before < rt.head.num_ctx // 2:
        raise SessionError("The conversation is too short to compact.")
    draft = await _summarised(rt, [*history, UserMessage(text=REQUEST)], meter)
    summary = draft.message().text.strip()
    if not summary:
        raise SessionError("The model wrote no summary. The conversation is unchanged; try /compact again.")
    shorter = _shorter(summary, history, rt.head.num_ctx, meter)
    history[:] = shorter
    meter.restart()
    rt.watch.restart("compaction")
    rt.emit(
        Compacted(
            history=tuple(shorter), tokens_before=before, tokens_after=meter.used(shorter), agent=rt.agent
        )
    )


async def _summarised(rt: Runtime, messages: list[Message], meter: Meter) -> Draft:
    try:
        return await take_step(rt, messages, meter, Manner(side=True))
    except StepFailed as e:
        if not isinstance(e.cause, ContextOverflow):
            raise e.cause from None
    estimate = Meter(rt.head)
    share = estimate.used(messages) / max(estimate.used(messages), meter.used(messages))
    limit = int(rt.head.num_ctx * (1 - SUMMARY_SHARE) * share)  # `share`: the server counts more than we do
    try:
        return await take_step(rt, _fitted(messages, estimate, limit), estimate, Manner(side=True))
    except StepFailed as e:
        raise e.cause from None


def _fitted(messages: Sequence[Message], meter: Meter, limit: int) -> list[Message]:
    """The same messages in about `limit` tokens: the longest halved again and again, at last without the oldest
    turns; every call keeps its answer, and the last message stays as it is."""
    fitted = [_lean(message) for message in messages]
    excess = meter.used(fitted) - limit
    while excess > 0:
        i = max(range(len(fitted) - 1), key=lambda i: len(fitted[i].text))
        if len(fitted[i].text) <= _LEAST_CHARS:
            break
        half = fitted[i].model_copy(update={"text": shorten(fitted[i].text, len(fitted[i].text) // 2).text})
        excess -= meter.size([fitted[i]]) - meter.size([half])
        fitted[i] = half
    while excess > 0 and (turn := _first_turn(fitted)):
        excess -= meter.size(fitted[:turn])
        del fitted[:turn]
    return fitted


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


def _shorter(summary: str, history: Sequence[Message], num_ctx: int, meter: Meter) -> list[Message]:
    """The summary in front of the last message of the person, and what came after it when that is short."""
    start = max(i for i, message in enumerate(history) if isinstance(message, UserMessage))
    last = history[start]
    assert isinstance(last, UserMessage)
    said = shorten(last.text, int(num_ctx * KEPT_SHARE * CHARS_PER_TOKEN)).text
    opened = last.model_copy(update={"text": f"{FRONT}\n\n{summary}\n\n{said}"})
    rest = list(history[start + 1 :])
    return [opened, *rest] if meter.size(rest) <= num_ctx * KEPT_SHARE else [opened]
