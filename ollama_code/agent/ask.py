"""A step that no prompt too long can spoil: room is made before it, and once more when the server shows, by its
refusal or by its counts, that there was too little."""

from __future__ import annotations

from ollama_code.agent.alarm import DidNotFit, take_whole_step
from ollama_code.agent.context import Context
from ollama_code.agent.hearing import Manner
from ollama_code.agent.room import make_room, relieve
from ollama_code.agent.runtime import Runtime
from ollama_code.agent.step import Draft, StepFailed
from ollama_code.core.errors import ContextOverflow
from ollama_code.core.events import Notice, Retried

_NEWS = 0.03
"""Share by which a ratio must differ from the known one to be worth the disk."""


async def ask(rt: Runtime, context: Context, manner: Manner) -> Draft:
    """The model's answer to the whole conversation.
    Raises: StepFailed, ContextOverflow when no room can be made, ProviderError when making it fails."""
    await make_room(rt, context)
    window = context.meter.num_ctx
    try:
        draft = await take_whole_step(rt, context.history, context.meter, manner)
    except DidNotFit as e:
        _tell(rt, context, e, window)
        draft = await _again(rt, context, manner, e)
    _learn(rt, context)
    return draft


async def _again(rt: Runtime, context: Context, manner: Manner, first: DidNotFit) -> Draft:
    why = "The prompt was cut" if first.sign else "The prompt did not fit"
    await relieve(rt, context, why)
    try:
        return await take_whole_step(rt, context.history, context.meter, manner)
    except DidNotFit as e:
        did = "cuts" if e.sign else "refuses"
        message = (
            f"The server still {did} the prompt after room was made for a window of {context.meter.num_ctx:,} "
            "tokens, so its real window must be smaller. Start a new session with a smaller one (--num-ctx), or look "
            "at what the server allows (OLLAMA_CONTEXT_LENGTH)."
        )
        overflow = ContextOverflow(message, num_ctx=context.meter.num_ctx)
        if e.sign:
            discarded = "".join(e.draft.text)
            rt.emit(
                Retried(
                    reason="The server cut the prompt again.", attempt=2, discarded=discarded, agent=rt.agent
                )
            )
        raise StepFailed(Draft(), overflow) from e


def _tell(rt: Runtime, context: Context, failure: DidNotFit, window: int) -> None:
    """Loudly where the person saw an answer that is worth nothing."""
    found = context.meter.num_ctx
    if found < window:
        rt.known.window = found
        text = f"The server's context window has {found:,} tokens, not the {window:,} that were asked for."
        rt.emit(Notice(text=text, agent=rt.agent))
    if not failure.sign:
        rt.emit(Retried(reason="The prompt did not fit the context window.", attempt=1, agent=rt.agent))
        return
    discarded = "".join(failure.draft.text)
    rt.emit(Retried(reason="The server cut the prompt.", attempt=1, discarded=discarded, agent=rt.agent))
    rt.emit(
        Notice(
            text=f"TRUNCATED without a word by the server: {failure.sign}. The model did not see all of the "
            "conversation, so its answer was thrown away, and it is asked again with a shorter one.",
            agent=rt.agent,
        )
    )


def _learn(rt: Runtime, context: Context) -> None:
    learned, known = context.meter.learned, rt.known.profile.chars_per_token
    if learned and (known is None or abs(learned - known) > known * _NEWS):
        rt.known.learn(rt.known.profile.model_copy(update={"chars_per_token": learned}))
