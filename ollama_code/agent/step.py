"""One step: ask the model once, streaming, with retries where the same request can help.

What was shown of an answer that failed is announced as discarded; what a person stopped is kept in the history,
marked as cut off, because the person has read it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from ollama_code.agent.exchange import Exchange, Manner, exchange
from ollama_code.agent.meter import Meter
from ollama_code.agent.pace import Pace, held
from ollama_code.agent.phases import Phases
from ollama_code.agent.placement import announce
from ollama_code.agent.refit import HeadMisfits, misfits
from ollama_code.agent.runtime import Runtime
from ollama_code.core.errors import ProviderError, ReplyBroken, ServerBusy, ServerUnreachable
from ollama_code.core.events import (
    CallDrafted,
    Notice,
    PhaseChanged,
    Retried,
    TextDelta,
    ThinkingDelta,
    UsageReported,
)
from ollama_code.core.messages import AssistantMessage, Message, ToolCall
from ollama_code.core.phase import Phase
from ollama_code.ports import Chunk, DraftPiece, LoadedModel, RawPiece, ReplyEnd, TextPiece, ThinkingPiece

CUT_OFF = "\n\n[This answer was cut off here.]"
_FIRST_PAUSE_S = 0.5


@dataclass
class Draft:
    """An answer while it is being written. `bound`: a schema bound all of it. `fault` is set when the server could
    not read what the model wrote."""

    bound: bool = False
    text: list[str] = field(default_factory=list)
    thinking: list[str] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    end: ReplyEnd | None = None
    fault: ReplyBroken | None = None

    def message(self) -> AssistantMessage:
        return AssistantMessage(
            text="".join(self.text),
            thinking="".join(self.thinking),
            written="".join(self.raw) if self.bound else "",
            calls=tuple(self.calls),
        )

    def cut_off(self) -> AssistantMessage | None:
        """What remains when the answer was stopped: its text, none of its calls; `None` when it had no text."""
        text = "".join(self.text)
        return AssistantMessage(text=text + CUT_OFF) if text.strip() else None

    @property
    def is_untouched(self) -> bool:
        """Whether nothing at all has come of it."""
        return not (self.text or self.thinking or self.raw or self.calls)

    def is_empty(self) -> bool:
        return not self.calls and not "".join(self.text).strip()


class StepFailed(Exception):
    """The step ended without an answer; `draft` is what had been shown, `cause` why it ended."""

    def __init__(self, draft: Draft, cause: ProviderError | asyncio.CancelledError) -> None:
        super().__init__(str(cause))
        self.draft = draft
        self.cause = cause


async def take_step(
    rt: Runtime, history: Sequence[Message], meter: Meter, manner: Manner | None = None
) -> Draft:
    """The model's complete answer to `history`, or one with a `fault`.
    Raises: HeadMisfits, StepFailed with the draft when every try failed or the step was cancelled."""
    started = time.monotonic()
    attempt = 1
    while True:
        draft = Draft()
        pace = Pace(rt, meter.used(history), held(rt, meter))
        manner = _possible(rt, manner or Manner())
        try:
            asked = exchange(rt, history, meter.answer_room(history), manner)
            if broken := rt.watch.check(asked.request, side=manner.side):
                rt.emit(Notice(text=str(broken), agent=rt.agent))
            await _stream(rt, asked, draft, pace)
            if draft.end is not None:
                usage = draft.end.usage
                rt.emit(UsageReported(usage=usage, num_ctx=meter.num_ctx, agent=rt.agent))
            return draft
        except asyncio.CancelledError as e:
            if said := pace.stopped():
                rt.emit(Notice(text=said, agent=rt.agent))
            raise StepFailed(draft, e) from e
        except ProviderError as e:
            if draft.is_untouched and rt.known.learns_from(e):
                rt.watch.unread()
                if misfits(rt):
                    raise HeadMisfits from e
                continue
            if isinstance(e, ReplyBroken) and e.said:
                draft.fault = e
                return draft
            pause_s = _pause_before(e, attempt, started, rt.patience_s)
            if pause_s is None:
                raise StepFailed(draft, e) from e
            rt.emit(Retried(reason=str(e), attempt=attempt, discarded="".join(draft.text), agent=rt.agent))
        await _sleep(pause_s)
        attempt += 1


def _possible(rt: Runtime, manner: Manner) -> Manner:
    """Without thinking where the server was found to refuse it."""
    return replace(manner, think=False) if rt.known.profile.thinks is False else manner


async def _sleep(pause_s: float) -> None:
    try:
        await asyncio.sleep(pause_s)
    except asyncio.CancelledError as e:
        raise StepFailed(Draft(), e) from e


def _pause_before(error: ProviderError, attempt: int, started: float, patience_s: float) -> float | None:
    """Seconds to wait before the same request is made again; `None` when that would not help."""
    pause_s = min(_FIRST_PAUSE_S * 2 ** (attempt - 1), 8.0)
    if isinstance(error, ServerUnreachable):
        return pause_s if time.monotonic() - started + pause_s <= patience_s else None
    if attempt > error.retries:
        return None
    return pause_s if isinstance(error, ServerBusy) else 0.0


async def _stream(rt: Runtime, asked: Exchange, draft: Draft, pace: Pace) -> None:
    phases = Phases()
    async with aclosing(rt.provider.chat(asked.request)) as chunks:
        async for heard in chunks:
            for chunk in asked.ear.hear(heard):
                if now := phases.news(chunk):
                    rt.emit(PhaseChanged(phase=now, agent=rt.agent))
                if isinstance(chunk, Phase):
                    rt.emit(PhaseChanged(phase=pace.numbered(chunk), agent=rt.agent))
                else:
                    _take(rt, chunk, draft)
                    pace.answers()
    draft.bound = asked.ear.is_kept
    if draft.end is not None:
        pace.learn(draft.end.usage)
        rt.known.weigh_tap(asked.request, draft.end.usage)


def _take(rt: Runtime, chunk: Chunk, draft: Draft) -> None:
    match chunk:
        case TextPiece(text=text):
            draft.text.append(text)
            rt.emit(TextDelta(text=text, agent=rt.agent))
        case ThinkingPiece(text=text):
            draft.thinking.append(text)
            rt.emit(ThinkingDelta(text=text, agent=rt.agent))
        case RawPiece(text=text):
            draft.raw.append(text)
        case DraftPiece():
            rt.emit(_drafted(chunk, rt.agent))
        case ToolCall():
            draft.calls.append(chunk)
        case LoadedModel():
            announce(rt, chunk)
        case ReplyEnd():
            draft.end = chunk


def _drafted(piece: DraftPiece, agent: str) -> CallDrafted:
    return CallDrafted(
        number=piece.number,
        name=piece.name,
        argument=piece.argument,
        text=piece.text,
        tokens=piece.tokens,
        agent=agent,
    )
