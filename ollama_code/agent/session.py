"""A conversation: owns the history and turns `run_turn` into a stream of events."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from ollama_code.agent.ahead import Ahead
from ollama_code.agent.alarm import adopt
from ollama_code.agent.compact import compact
from ollama_code.agent.context import Context, Standing
from ollama_code.agent.errands import read_for_person, run_for_person
from ollama_code.agent.feed import Feed, Observer
from ollama_code.agent.foresight import Foresight, foresee
from ollama_code.agent.overt import overt_for
from ollama_code.agent.overview import Overview, parts
from ollama_code.agent.placement import placed
from ollama_code.agent.recipes import filled
from ollama_code.agent.refit import HeadMisfits, fitting
from ollama_code.agent.runtime import Runtime
from ollama_code.agent.stats import Stats
from ollama_code.agent.surroundings import Surroundings, preface
from ollama_code.agent.turn import UNKNOWN, run_turn
from ollama_code.core.errors import OllamaCodeError
from ollama_code.core.events import (
    Compacted,
    Event,
    HeadChanged,
    ModeChanged,
    StopReason,
    ThinkChanged,
    TurnFinished,
    TurnStarted,
)
from ollama_code.core.head import Head, Think
from ollama_code.core.messages import Image, Message, UserMessage
from ollama_code.core.permission import Mode
from ollama_code.core.profile import ModelProfile
from ollama_code.core.recipe import Recipe
from ollama_code.core.text import overt
from ollama_code.permissions.gate import Gate
from ollama_code.ports import LoadedModel
from ollama_code.tools.toolset import Toolset

log = logging.getLogger(__name__)


class Session:
    """One turn at a time. `look` tells the surroundings that ride in front of the person's words when they
    changed; the head never does."""

    def __init__(
        self, id: str, runtime: Runtime, feed: Feed, look: Callable[[], Surroundings], history: list[Message]
    ) -> None:
        self.id = id
        self._rt = runtime
        self._feed = feed
        self._look = look
        self._told: Surroundings | None = None
        self._asides: list[str] = []
        self.repinned = False
        """Whether `pin_window` was used: a wish that is newer than how the program was started."""
        self._ahead = Ahead()
        self.stats = Stats(lambda: self.profile.read_tok_s)
        feed.observe(self.stats)
        learned = runtime.known.profile.chars_per_token
        self._context = Context(runtime.head, runtime.emit, history, runtime.agent, learned)
        self._context.hides = runtime.hides
        self._context.standing = lambda: Standing(runtime.todos(), preface(None, look()))
        adopt(runtime, self._context.meter)
        feed.observe(self._heed)
        self._context.close_calls(UNKNOWN)  # a session that was killed left calls without an answer

    @property
    def history(self) -> list[Message]:
        return self._context.history

    @property
    def head(self) -> Head:
        return self._rt.head

    @property
    def thinks(self) -> tuple[Think, ...]:
        """What `set_think` takes: how much this model can think."""
        return self._rt.thinks

    def set_think(self, think: Think) -> None:
        """From the next request on. The engine reads most of the conversation again: templates print it in front."""
        if think != self.head.think:
            self._rt = replace(self._rt, head=self.head.model_copy(update={"think": think}))
            self._rt.watch.restart("/think")
            self._feed.emit(ThinkChanged(think=think))

    def warm_up(self) -> None:
        """Load the model and let it read what every request begins with, in the background, until a turn starts."""
        self._ahead.warm_up(self._rt, self._context, self._opening())

    async def settled(self) -> None:
        """Return when nothing runs in the background any more."""
        await self._ahead.finished()

    async def quiet(self) -> None:
        """Stop what runs in the background."""
        await self._ahead.give_way()

    @property
    def mode(self) -> Mode:
        return self._rt.tooling.gate.mode

    def set_mode(self, mode: Mode) -> None:
        """To the nearest that the settings of this machine let it be."""
        gate = self.gate
        before, gate.mode = gate.mode, mode
        if gate.mode is not before:
            self._feed.emit(ModeChanged(mode=gate.mode))

    @property
    def gate(self) -> Gate:
        """Who decides what may run, with the rules and the grants."""
        return self._rt.tooling.gate

    async def foresee(self, tool: str, words: str) -> Foresight:
        """What would be said to a call. Raises: ToolError."""
        return await foresee(self._rt.tooling, tool, words)

    @property
    def toolset(self) -> Toolset:
        """Every enabled tool, whether the head offers it or not."""
        return self._rt.tooling.toolset

    @property
    def window(self) -> int:
        """Tokens that the context window holds: the head's, or fewer where the server turned out to have less."""
        return self._context.meter.num_ctx

    @property
    def tokens_used(self) -> int:
        """Tokens in the context window, as measured or estimated."""
        return self._context.meter.used(self.history)

    @property
    def profile(self) -> ModelProfile:
        """What is known of the model, from this and earlier sessions."""
        return self._rt.known.profile

    def pin_window(self, num_ctx: int | None) -> str:
        """Remember the window, in tokens, that the person wants for this model; `None` measures what fits. What to
        say to them: this session keeps the one it has."""
        self._rt.known.pin(num_ctx)
        self.repinned = True
        if num_ctx is None:
            return "The next session measures which window fits (/clear starts one)."
        return (
            f"Pinned: the next session with {self.head.model} gets {num_ctx:,} tokens (/clear starts one). "
            f"This one keeps its {self.head.num_ctx:,}, because another would make the server load the model again."
        )

    async def memory(self) -> LoadedModel | None:
        """The model as the server holds it now, if it does. Raises: ProviderError."""
        return await placed(self._rt)

    def overview(self) -> Overview:
        """What fills the context window."""
        used, last = self.tokens_used, self.stats.last
        return Overview(
            used=used,
            num_ctx=self.window,
            cached=last.cached_tokens,
            parts=parts(self.head, self.history, used),
            breaks=tuple(self._rt.watch.breaks),
        )

    def fitted(self, text: str) -> str:
        """`text`, or as much of its head and tail as half of the window holds."""
        meter = self._context.meter
        return meter.fitted(text, meter.body_tokens // 2)

    def observe(self, observer: Observer) -> None:
        """Hear every event from now on, also those between turns."""
        self._feed.observe(observer)

    def prompt(self, text: str, images: tuple[Image, ...] = ()) -> AsyncGenerator[Event, None]:
        """Run one turn. The first event is `TurnStarted`, the last `TurnFinished`. Closing the iterator cancels
        the turn and waits until its tools are gone."""

        async def turn() -> StopReason:
            self._context.add(self._message(text, text, images))
            return await run_turn(self._rt, self._context)

        return self._stream(text, turn)

    def follow(self, line: str, recipe: Recipe) -> AsyncGenerator[Event, None]:
        """Run one turn for what the person typed as `line`: `recipe` is filled in first. Where a command in it is
        refused, the model hears nothing."""

        async def turn() -> StopReason:
            text = await filled(self._rt.tooling, recipe, self._context.meter.result_budget(self.history, 1))
            if text is None:
                return "denied"
            self._context.add(self._message(text, line))
            return await run_turn(self._rt, self._context)

        return self._stream(line, turn)

    def steer(self, text: str, beside: str = "") -> None:
        """Words for the running turn: the model hears them before its next step, without the turn being stopped. When
        it ends before that, they begin the next message. `beside`, which `read` gave, goes in front of them."""
        words = overt_for(text, self._feed.emit, self._rt.agent)
        told = UserMessage(text=f"{beside}\n\n{words}", said=(words,)) if beside else UserMessage(text=words)
        self._context.steer(told)

    @property
    def steering(self) -> tuple[str, ...]:
        """Words of `steer` that the model has not heard yet, oldest first."""
        return _words(self._context.steering)

    def unsteer(self, last: int | None = None) -> tuple[str, ...]:
        """Take `steering` back, or the `last` of it, without what stood beside."""
        return _words(self._context.unheard(last))

    def compact(self) -> AsyncGenerator[Event, None]:
        """Replace the conversation by a summary of it and its last turn, in a turn of its own."""

        async def turn() -> StopReason:
            while True:
                try:
                    await compact(self._rt, self._context)
                    return "done"
                except HeadMisfits:
                    fitting(self._rt, self._context)

        return self._stream("/compact", turn)

    def run_command(self, command: str) -> AsyncGenerator[Event, None]:
        """Run what the person typed after `!`; the model sees it with the next message."""

        async def turn() -> StopReason:
            self._asides.append(await run_for_person(self._rt.tooling, command))
            return "done"

        return self._stream(f"!{command}", turn)

    async def attach(self, paths: Sequence[str]) -> None:
        """Put what `read` gives in front of the next message."""
        self._asides.append(await self.read(paths))

    async def read(self, paths: Sequence[str]) -> str:
        """The content of files and folders the person named. A path that cannot be read says so in its place."""
        budget = self._context.meter.result_budget(self.history, 1)
        return await read_for_person(self._rt.tooling, paths, budget)

    async def _stream(
        self, text: str, work: Callable[[], Awaitable[StopReason]]
    ) -> AsyncGenerator[Event, None]:
        await self._ahead.give_way()
        with self._feed.listening() as queue:
            task = asyncio.create_task(self._turn(text, work))
            try:
                while True:
                    event = await queue.get()
                    yield event
                    if isinstance(event, TurnFinished) and event.agent == self._rt.agent:
                        return
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def _turn(self, text: str, work: Callable[[], Awaitable[StopReason]]) -> None:
        reason: StopReason = "failed"
        detail = ""
        try:
            self._feed.emit(TurnStarted(text=text))
            reason = await work()
        except asyncio.CancelledError:
            reason = "cancelled"
        except OllamaCodeError as e:
            detail = e.sentence
        except Exception as e:
            log.exception("the turn failed")
            what = f"{type(e).__name__}: {e}"
            detail = f"The program itself failed: {what}. Please report it; the session is kept."
        finally:
            self._rt.known.learn(self.stats.added_to(self._rt.known.profile))
            self._feed.emit(TurnFinished(reason=reason, detail=detail))
            if reason == "done":
                self._ahead.reread(self._rt, self._context, self._opening())

    def _opening(self) -> UserMessage:
        """What the next turn begins with, as far as that is known."""
        return UserMessage(text=preface(self._told, self._look()))

    def _heed(self, event: Event) -> None:
        """What a turn, or reading ahead, changed of this session. After a compaction, what told the model where it is
        may be gone."""
        match event:
            case Compacted(agent=self._rt.agent):
                self._told = None
            case HeadChanged(agent=self._rt.agent, head=head):
                self._rt = self._rt.with_head(head)

    def _message(self, text: str, said: str, images: tuple[Image, ...] = ()) -> UserMessage:
        """The message with what is new around it in front: surroundings, what the person said too late for the last
        turn, and what they did meanwhile."""
        now, unheard = self._look(), self._context.unheard()
        parts = [preface(self._told, now), *(told.text for told in unheard), *self._asides, text]
        self._told = now
        self._asides.clear()
        whole = overt_for("\n\n".join(part for part in parts if part), self._feed.emit, self._rt.agent)
        return UserMessage(text=whole, images=images, said=(*_words(unheard), overt(said)[0]))


def _words(told: Iterable[UserMessage]) -> tuple[str, ...]:
    return tuple(words for message in told for words in message.words)
