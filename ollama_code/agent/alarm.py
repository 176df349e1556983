"""Notices that a prompt did not fit, when the server says so and when it does not.

`truncate:false` forbids a server to cut a prompt, but some do not know it: they drop messages from the front, the
task first, or cut the middle out, and answer with HTTP 200. Their count of the prompt is the only trace."""

from __future__ import annotations

from collections.abc import Sequence

from ollama_code.agent.exchange import Manner
from ollama_code.agent.meter import Meter
from ollama_code.agent.placement import placed
from ollama_code.agent.runtime import Runtime
from ollama_code.agent.step import Draft, StepFailed, take_step
from ollama_code.core.errors import ContextOverflow, ProviderError
from ollama_code.core.events import Notice
from ollama_code.core.messages import AssistantMessage, Message, UserMessage
from ollama_code.core.usage import Usage

_KEPT_AT_FRONT = (4, 5)
"""Tokens that the server's hard cut leaves at the front, without and with a start token."""
_SMALLEST_WINDOW = 2048
_SLACK_TOKENS = 32
"""By which a template may print the same messages shorter, for instance when thinking is switched off."""
_AS_EXPECTED = (0.85, 1.4)
"""How many times the counted length an estimate may be: more often too long than too short, since it is cautious."""
_FULL = 0.9
"""Share of the window that no prompt reaches on purpose."""
_LOADED_S = 0.5
"""A shorter load is the server finding the model in memory."""
_SURPRISE = 1.1
"""How much longer than estimated a prompt is that may have been longer still: by messages, of which the last always
stays."""


class DidNotFit(Exception):
    """The model was not asked with all of the prompt. `sign` says how a silent cut shows, and is empty when the
    prompt was refused or not even sent; `draft` is the answer, which is worth nothing."""

    def __init__(self, sign: str = "", draft: Draft | None = None) -> None:
        super().__init__(sign)
        self.sign = sign
        self.draft = draft or Draft()


def sound(rt: Runtime, failure: DidNotFit) -> None:
    """Tell the person, loudly, where the cut was silent."""
    if failure.sign:
        tell_cut(
            rt,
            failure.sign,
            "The model did not see all of the conversation, so its answer was thrown away, and it is asked again "
            "with a shorter one.",
        )


def tell_cut(rt: Runtime, sign: str, what_follows: str) -> None:
    """The one alarm for a silent cut."""
    rt.emit(Notice(text=f"TRUNCATED without a word by the server: {sign}. {what_follows}", agent=rt.agent))


def adopt(rt: Runtime, meter: Meter) -> None:
    """Go by the window that the server turned out to have."""
    if rt.known.window:
        meter.num_ctx = min(meter.num_ctx, rt.known.window)


async def take_whole_step(rt: Runtime, prompt: Sequence[Message], meter: Meter, manner: Manner) -> Draft:
    """`take_step`, and the meter learns from it: what the server counted, or that `prompt` is too long.
    Raises: DidNotFit, StepFailed."""
    adopt(rt, meter)
    try:
        meter.answer_room(prompt)
    except ContextOverflow as e:
        raise DidNotFit from e
    try:
        draft = await take_step(rt, prompt, meter, manner)
    except StepFailed as e:
        if not isinstance(e.cause, ContextOverflow):
            raise
        await refused(rt, prompt, meter, e.cause)
        raise DidNotFit from e
    if draft.end is None:
        return draft
    if sign := await examined(rt, prompt, meter, draft.end.usage):
        raise DidNotFit(sign, draft)
    meter.read(prompt, draft.end.usage)
    return draft


async def examined(rt: Runtime, prompt: Sequence[Message], meter: Meter, usage: Usage) -> str:
    """The sign that `prompt` was cut, with which `usage` was reported, or nothing; what that shows of the window is
    adopted. To be asked before the meter is told of `usage`."""
    window = await _window(rt) if usage.load_s >= _LOADED_S else 0
    if 0 < window < meter.num_ctx:
        rt.known.shrink(window)
    sign = cut_short(meter, prompt, usage) or _outgrown(meter, prompt, window)
    if sign:
        told = (window or await _window(rt), _hard_cut_of(meter, prompt, usage.prompt_tokens))
        meter.overflowed(prompt, 0, min(filter(None, told), default=0))
    adopt(rt, meter)
    return sign


async def refused(rt: Runtime, prompt: Sequence[Message], meter: Meter, refusal: ContextOverflow) -> None:
    """The server has refused `prompt`: adopt what that shows of it and of the window."""
    meter.overflowed(prompt, refusal.prompt_tokens, refusal.num_ctx or await _window(rt))


async def _window(rt: Runtime) -> int:
    """Tokens that the server really gave the model, 0 when it does not say."""
    try:
        found = await placed(rt)
    except ProviderError:
        return 0
    return found.context_length if found else 0


def _outgrown(meter: Meter, prompt: Sequence[Message], window: int) -> str:
    """The sign that `prompt` was too long for the `window` that the model was loaded with just now: what was dropped
    may be too little to be seen in the counts."""
    if not 0 < window <= meter.used(prompt):
        return ""
    return f"its window was loaded with {window:,} tokens, and the prompt has about {meter.used(prompt):,}"


def cut_short(meter: Meter, prompt: Sequence[Message], usage: Usage) -> str:
    """The sign, in words, that `prompt` did not reach the model whole; empty when there is none. To be asked before
    the meter is told of `usage`."""
    counted, expected = usage.prompt_tokens, meter.used(prompt)
    if not counted:
        return ""
    if counted < _least(meter, prompt):
        before = meter.measured.prompt_tokens
        return (
            f"it counted {counted:,} tokens after {before:,} one step before, although nothing was taken away"
        )
    if _hard_cut_of(meter, prompt, counted):
        return f"it counted {counted:,} tokens, which is what its cut leaves of a longer prompt"
    if counted + usage.generated_tokens > meter.num_ctx:
        return f"it counted {counted:,} tokens and wrote on when its window of {meter.num_ctx:,} was full"
    if len(prompt) > 1 and counted > meter.num_ctx * _FULL and counted > expected * _SURPRISE:
        return f"it counted {counted:,} tokens, as many as fit, where about {expected:,} were expected"
    return ""


def _least(meter: Meter, prompt: Sequence[Message]) -> int:
    """Tokens that `prompt` has at least, since it begins with the one counted last."""
    before = meter.measured
    if not before.prompt_tokens:
        return 0
    left_out = 0
    if any(isinstance(message, UserMessage) for message in prompt[before.messages :]):
        # Many templates print the thinking of a turn only until the next message of the person.
        thinking = "".join(m.thinking for m in prompt if isinstance(m, AssistantMessage))
        left_out = 2 * meter.size([AssistantMessage(text=thinking)])
    return before.prompt_tokens - left_out - _SLACK_TOKENS


def _hard_cut_of(meter: Meter, prompt: Sequence[Message], counted: int) -> int:
    """The window, in tokens, to which Ollama seems to have cut `prompt`, 0 for none: it keeps a few tokens of the
    front and fills half of the window with the end. Where about that count was expected, of a prompt that cannot have
    been too long, it is chance."""
    if counted in _cut_of(meter.num_ctx):
        least, most = _AS_EXPECTED
        as_expected = counted * least <= meter.used(prompt) <= counted * most
        return 0 if as_expected and meter.worst(prompt) <= meter.num_ctx else meter.num_ctx
    window = _SMALLEST_WINDOW
    while window < meter.num_ctx:
        if counted in _cut_of(window) and meter.used(prompt) > 1.5 * counted:
            return window
        window *= 2
    return 0


def _cut_of(num_ctx: int) -> set[int]:
    """Tokens that are left of a prompt that was too long for this window."""
    return {num_ctx - max((num_ctx - kept) // 2, 1) for kept in _KEPT_AT_FRONT}
