"""Making room: the conversation becomes a summary of itself, written by the model, and its last turn.

The request for the summary is appended to the live prompt, so the engine reads only that request; the prompt
after it is new by nature."""

from __future__ import annotations

from collections.abc import Sequence

from ollama_code.agent.meter import Meter
from ollama_code.agent.runtime import Runtime
from ollama_code.agent.step import StepFailed, take_step
from ollama_code.core.errors import SessionError
from ollama_code.core.events import Compacted
from ollama_code.core.messages import Message, UserMessage

REQUEST = (
    "Do not call tools now. Summarise this conversation for yourself, because the messages above will be removed: "
    "the task in the person's own words, decisions, what was changed in which files, what was learnt, open todos, "
    "and the next step. Be complete about names, paths and numbers; leave out everything else."
)
FRONT = "The conversation so far was removed to make room. Your own summary of it:"
KEPT_SHARE = 0.25
"""Share of the window that the last turn may keep word for word."""


async def compact(rt: Runtime, history: list[Message], meter: Meter) -> None:
    """Replace `history` in place and announce it.
    Raises: SessionError when there is nothing to make room from; ProviderError, CancelledError, with the history
    untouched."""
    if len(history) < 3:
        raise SessionError("The conversation is too short to compact.")
    before = meter.used(history)
    try:
        draft = await take_step(rt, [*history, UserMessage(text=REQUEST)], meter)
    except StepFailed as e:
        raise e.cause from None
    summary = draft.message().text.strip()
    if not summary:
        raise SessionError("The model wrote no summary. The conversation is unchanged; try /compact again.")
    shorter = _shorter(summary, history, rt.head.num_ctx, meter)
    history[:] = shorter
    meter.restart()
    rt.emit(
        Compacted(
            history=tuple(shorter), tokens_before=before, tokens_after=meter.used(shorter), agent=rt.agent
        )
    )


def _shorter(summary: str, history: Sequence[Message], num_ctx: int, meter: Meter) -> list[Message]:
    """The summary in front of the last message of the person, and what came after it when that is short."""
    start = max(i for i, message in enumerate(history) if isinstance(message, UserMessage))
    last = history[start]
    assert isinstance(last, UserMessage)
    opened = last.model_copy(update={"text": f"{FRONT}\n\n{summary}\n\n{last.text}"})
    rest = list(history[start + 1 :])
    return [opened, *rest] if meter.size(rest) <= num_ctx * KEPT_SHARE else [opened]
