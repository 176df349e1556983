"""Room in the context window: made before each request, so that no prompt is sent that is known not to fit; and once
more when the server shows, by its refusal or by its counts, that there was too little.

Old tool results go first, then the conversation becomes a summary of itself. Shares of the window, never amounts:
what is little at 128k is everything at 8k."""

from __future__ import annotations

from ollama_code.agent.alarm import DidNotFit, adopt, sound, take_whole_step
from ollama_code.agent.compact import WHY, summarise
from ollama_code.agent.context import Context
from ollama_code.agent.exchange import Manner
from ollama_code.agent.meter import MARGIN
from ollama_code.agent.refit import HeadMisfits, misfits
from ollama_code.agent.runtime import Runtime
from ollama_code.agent.step import Draft, StepFailed
from ollama_code.agent.stubs import drop_results
from ollama_code.core.errors import ContextOverflow
from ollama_code.core.events import Notice, Retried
from ollama_code.core.messages import UserMessage

TIGHT_SHARE = 0.8
"""Share of the window, with the answer to come, from which on room is made."""
GOAL_SHARE = 0.6
"""Share that is left in use when something is dropped: enough steps until the next time, because each time the
engine reads everything again."""
ANSWER_SHARE = 1 / 16
"""Share of the window that an answer is expected to take."""
GROWTH_SHARE = 0.1
"""Share by which the conversation must have grown before it is summarised again."""
_NEWS = 0.03
"""Share by which a ratio must differ from the known one to be worth the disk."""
_WHY = "The context window is getting full"


async def ask_with_room(rt: Runtime, context: Context, manner: Manner) -> Draft:
    """The model's answer to the whole conversation.
    Raises: HeadMisfits, StepFailed, ContextOverflow when no room can be made, ProviderError when making it fails."""
    if misfits(rt):
        raise HeadMisfits
    window = context.meter.num_ctx
    adopt(rt, context.meter)
    await _make_room(rt, context)
    try:
        draft = await take_whole_step(rt, context.history, context.meter, manner)
    except DidNotFit as e:
        tell_window(rt, context, window)
        _tell_why(rt, e)
        if misfits(rt):
            raise HeadMisfits from e
        draft = await _again(rt, context, manner, e)
    else:
        tell_window(rt, context, window)
    _learn(rt, context)
    return draft


async def _again(rt: Runtime, context: Context, manner: Manner, first: DidNotFit) -> Draft:
    why = "The prompt was cut" if first.sign else "The prompt did not fit"
    await _relieve(rt, context, why)
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


def tell_window(rt: Runtime, context: Context, window: int) -> None:
    """That the server has a smaller one than was thought, if it has."""
    found = context.meter.num_ctx
    if found < window:
        rt.known.shrink(found)
        text = f"The server's context window has {found:,} tokens, not the {window:,} that were asked for."
        rt.emit(Notice(text=text, agent=rt.agent))


def _tell_why(rt: Runtime, failure: DidNotFit) -> None:
    """Loudly where the person saw an answer that is worth nothing."""
    reason = "The server cut the prompt." if failure.sign else "The prompt did not fit the context window."
    discarded = "".join(failure.draft.text)
    rt.emit(Retried(reason=reason, attempt=1, discarded=discarded, agent=rt.agent))
    sound(rt, failure)


def _learn(rt: Runtime, context: Context) -> None:
    learned, known = context.meter.learned, rt.known.profile.chars_per_token
    if learned and (known is None or abs(learned - known) > known * _NEWS):
        rt.known.learn(rt.known.profile.model_copy(update={"chars_per_token": learned}))


async def _make_room(rt: Runtime, context: Context) -> None:
    """Bring the conversation below the share of the window at which an answer has room, if it is above it.
    Raises: ContextOverflow when it cannot be done, ProviderError when no summary can be had, CancelledError."""
    if not _is_tight(context):
        return
    if len(context.history) == 1 and context.meter.num_ctx < rt.head.num_ctx and not _fits(context):
        _shorten(rt, context, "The context window is smaller than it was said to be")
    made = _drop(rt, context, _WHY)
    if not made and _is_full(context) and len(context.history) > 1 and _may_help(context):
        await _summarise(rt, context, _WHY)
    _check(context)


async def _relieve(rt: Runtime, context: Context, why: str) -> None:
    """Make room after the server showed that the conversation does not fit; `why` is the beginning of a sentence.
    Raises: ContextOverflow when it cannot be done, ProviderError when no summary can be had, CancelledError."""
    if len(context.history) == 1:
        _shorten(rt, context, why)
    elif not _drop(rt, context, why):
        await _summarise(rt, context, why)
    _check(context)


def _is_full(context: Context) -> bool:
    window = context.meter.num_ctx
    answer = int(window * ANSWER_SHARE)
    return context.meter.used(context.history) + answer > window * TIGHT_SHARE


def _is_tight(context: Context) -> bool:
    """Full, or maybe so: text that nobody has counted yet can be much denser than it looks."""
    return _is_full(context) or _beyond(context) > 0


def _beyond(context: Context) -> int:
    """Tokens by which the window would be exceeded at worst."""
    return context.meter.worst(context.history) - int(context.meter.num_ctx * (1 - MARGIN))


def _may_help(context: Context) -> bool:
    """Whether to summarise: what is about as long as the last compaction left it is summarised only when nothing
    else is left to do."""
    grown = context.meter.used(context.history) - context.settled_tokens
    return not context.compactions or grown > context.meter.num_ctx * GROWTH_SHARE or not _fits(context)


def _fits(context: Context) -> bool:
    try:
        context.meter.answer_room(context.history)
    except ContextOverflow:
        return False
    return True


def _drop(rt: Runtime, context: Context, why: str) -> bool:
    """Drop old results; whether that was enough."""
    meter, window = context.meter, context.meter.num_ctx
    estimate = meter.head_tokens + meter.size(
        context.history
    )  # of another history nothing is counted any more
    excess = max(max(meter.used(context.history), estimate) - int(window * GOAL_SHARE), _beyond(context))
    shorter = drop_results(context.history, meter, rt.tooling.toolset, excess)
    left = meter.head_tokens + meter.size(shorter.history)
    if not shorter.results or left > window * (GOAL_SHARE + GROWTH_SHARE):
        return False
    rt.watch.restart(WHY)
    context.replace(shorter.history)
    what = "a tool result was" if shorter.results == 1 else f"{shorter.results} tool results were"
    _tell(rt, f"{why}: {what} removed or cut. The model can get that again.")
    return True


async def _summarise(rt: Runtime, context: Context, why: str) -> None:
    if await summarise(rt, context):
        _tell(rt, f"{why}: the model summed up the conversation and goes on from there.")
    else:
        _tell(
            rt,
            f"{why}, and the model wrote no summary: it goes on with your words, the todos and the files in play. "
            "What it found out before is gone.",
        )


def _shorten(rt: Runtime, context: Context, why: str) -> None:
    """Leave the middle out of the only message, which is too long alone."""
    [only] = context.history
    room = int(context.meter.num_ctx * GOAL_SHARE) - context.meter.head_tokens
    text = context.meter.fitted(only.text, max(room, 0))
    said = only.words if isinstance(only, UserMessage) else ()
    rt.watch.restart(WHY)
    context.replace([only.model_copy(update={"text": text, "said": said})])
    _tell(
        rt, f"{why}: {len(only.text) - len(text):,} characters of your message were left out of its middle."
    )


def _check(context: Context) -> None:
    try:
        context.meter.answer_room(context.history)
    except ContextOverflow as e:
        if not context.compactions:
            raise
        meter = context.meter
        message = (
            f"What has to stay of the conversation has about {e.prompt_tokens:,} tokens, {meter.head_tokens:,} of "
            f"them instructions and tools, and the context window holds {meter.num_ctx:,}. Start a new session with "
            "a larger window (--num-ctx), or give the task in fewer words."
        )
        raise ContextOverflow(message, prompt_tokens=e.prompt_tokens, num_ctx=meter.num_ctx) from e


def _tell(rt: Runtime, text: str) -> None:
    rt.emit(Notice(text=text, agent=rt.agent))
