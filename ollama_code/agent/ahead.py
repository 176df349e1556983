"""Reading ahead: the model is loaded, and reads what the next request begins with, while the person reads or types.

It gives way at once: what was read until then stays read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from ollama_code.agent.alarm import examined, refused, tell_cut
from ollama_code.agent.context import Context
from ollama_code.agent.meter import Meter
from ollama_code.agent.pace import Pace
from ollama_code.agent.placement import announce
from ollama_code.agent.refit import fitting, misfits
from ollama_code.agent.room import tell_window
from ollama_code.agent.runtime import Runtime
from ollama_code.core.errors import ContextOverflow, ProviderError
from ollama_code.core.events import Notice, PhaseChanged, ReadAhead
from ollama_code.core.messages import Message, UserMessage
from ollama_code.core.phase import Phase
from ollama_code.core.usage import Usage
from ollama_code.ports import ChatRequest, LoadedModel, ReplyEnd
from ollama_code.providers.seam import measure_seam


class Ahead:
    """At most one request at a time, never beside one of a turn."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    def warm_up(self, rt: Runtime, context: Context, opening: UserMessage) -> None:
        """Load the model and read what the next turn begins with, which is the conversation and `opening`; then find
        out, once for each model, what its template reads again between turns. A model that cannot be loaded is told
        in a notice."""

        async def work() -> None:
            try:
                await _learn_seam(await _read(rt, context, opening))
            except ProviderError as e:
                rt.emit(Notice(text=e.sentence, agent=rt.agent))

        self._start(work)

    def reread(self, rt: Runtime, context: Context, opening: UserMessage) -> None:
        """Read the conversation as the next turn will render it, where the template makes that another text."""

        async def work() -> None:
            try:
                await _read(rt, context, opening)
            except ProviderError:
                return  # the next turn asks the same server, and says what is wrong

        if _rereads(rt) and _told(context, opening):
            self._start(work)

    async def give_way(self) -> None:
        """Return when no request of ours is open any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def finished(self) -> None:
        """Return when what was begun is done, however it ended."""
        if self._task is not None:
            await asyncio.wait([self._task])

    def _start(self, work: Callable[[], Awaitable[None]]) -> None:
        async def guarded() -> None:
            await work()

        assert self._task is None or self._task.done(), "something is read ahead already"
        self._task = asyncio.create_task(guarded())


def _rereads(rt: Runtime) -> bool:
    profile = rt.known.profile
    return bool(profile.rereads_turn) or (rt.head.sends_thinking and not profile.sends_thinking)


async def _read(rt: Runtime, context: Context, opening: UserMessage) -> Runtime:
    """With the head that fits the server, which is known afterwards."""
    usage = Usage()
    try:
        while True:
            rt = fitting(rt, context)
            try:
                usage = await _cost(rt, context, _told(context, opening))
            except ProviderError as e:
                if not rt.known.learns_from(e):
                    raise
            else:
                if not misfits(rt):
                    return rt
    finally:
        rt.emit(ReadAhead(usage=usage, agent=rt.agent))


def _told(context: Context, opening: UserMessage) -> tuple[Message, ...]:
    """A conversation that does not fit is made shorter by the next turn: nobody is to read it before."""
    messages = (*context.history, opening)
    return messages if context.meter.used(messages) < context.meter.num_ctx else ()


async def _cost(rt: Runtime, context: Context, messages: tuple[Message, ...]) -> Usage:
    """What the server counted; nothing where it refused `messages`. That there was no room the person is told."""
    think = False if rt.known.profile.thinks is False else None
    request = ChatRequest(rt.head, messages, num_predict=1, think=think)
    rt.watch.check(request, side=True)
    window = context.meter.num_ctx
    meter = context.meter if messages else Meter(rt.head, context.meter.learned)
    pace = Pace(rt, 0, rt.known.held.get(rt.agent, 0))
    try:
        usage = await _heard(rt, request, pace)
    except ContextOverflow as e:
        await refused(rt, messages, meter, e)
        sign, usage = "", Usage()
    else:
        sign = await examined(rt, messages, meter, usage)
    context.meter.num_ctx = min(window, meter.num_ctx)
    tell_window(rt, context, window)
    if sign:
        tell_cut(rt, sign, "It was only reading ahead: before the next request room is made.")
    elif usage.prompt_tokens:
        pace.learn(usage)
        if messages:
            meter.ahead(messages, usage)
    return usage


async def _heard(rt: Runtime, request: ChatRequest, pace: Pace) -> Usage:
    usage = Usage()
    async with aclosing(rt.provider.chat(request)) as chunks:
        async for chunk in chunks:
            match chunk:
                case Phase():
                    rt.emit(PhaseChanged(phase=pace.numbered(chunk), agent=rt.agent))
                case LoadedModel():
                    announce(rt, chunk)
                case ReplyEnd():
                    usage = chunk.usage
    return usage


async def _learn_seam(rt: Runtime) -> None:
    profile = rt.known.profile
    if profile.rereads_turn is not None or profile.thinks is False:
        return
    if seam := await measure_seam(rt.provider, rt.head):
        found = {"sends_thinking": seam.sends_thinking, "rereads_turn": seam.rereads_turn}
        rt.known.learn(rt.known.profile.model_copy(update=found))
