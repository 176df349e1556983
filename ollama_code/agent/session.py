"""A conversation: owns the history and turns `run_turn` into a stream of events."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress

from ollama_code.agent.feed import Feed, Observer
from ollama_code.agent.meter import Meter
from ollama_code.agent.runtime import Runtime
from ollama_code.agent.surroundings import Surroundings, preface
from ollama_code.agent.turn import NOT_RUN, add, close_open_calls, run_turn
from ollama_code.core.errors import OllamaCodeError
from ollama_code.core.events import Event, ModeChanged, StopReason, TurnFinished, TurnStarted
from ollama_code.core.head import Head
from ollama_code.core.messages import Image, Message, UserMessage
from ollama_code.core.permission import Mode

log = logging.getLogger(__name__)


class Session:
    """One turn at a time. `look` tells the surroundings that ride in front of the person's words when they
    changed; the head never does."""

    def __init__(
        self, id: str, runtime: Runtime, feed: Feed, look: Callable[[], Surroundings], history: list[Message]
    ) -> None:
        self.id = id
        self.history = history
        self._rt = runtime
        self._feed = feed
        self._look = look
        self._told: Surroundings | None = None
        self._meter = Meter(runtime.head)
        close_open_calls(runtime, history, NOT_RUN)  # a session that was killed left calls without an answer

    @property
    def head(self) -> Head:
        return self._rt.head

    @property
    def mode(self) -> Mode:
        return self._rt.tooling.gate.mode

    def set_mode(self, mode: Mode) -> None:
        if mode is not self._rt.tooling.gate.mode:
            self._rt.tooling.gate.mode = mode
            self._feed.emit(ModeChanged(mode=mode))

    @property
    def tool_names(self) -> tuple[str, ...]:
        return self._rt.tooling.toolset.names

    @property
    def tokens_used(self) -> int:
        """Tokens in the context window, as measured or estimated."""
        return self._meter.used(self.history)

    def observe(self, observer: Observer) -> None:
        """Hear every event from now on, also those between turns."""
        self._feed.observe(observer)

    async def prompt(self, text: str, images: tuple[Image, ...] = ()) -> AsyncGenerator[Event, None]:
        """Run one turn. The first event is `TurnStarted`, the last `TurnFinished`. Closing the iterator cancels
        the turn and waits until its tools are gone."""
        with self._feed.listening() as queue:
            task = asyncio.create_task(self._turn(text, images))
            try:
                while True:
                    event = await queue.get()
                    yield event
                    if isinstance(event, TurnFinished):
                        return
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def _turn(self, text: str, images: tuple[Image, ...]) -> None:
        reason: StopReason = "failed"
        detail = ""
        try:
            self._feed.emit(TurnStarted(text=text))
            add(self._rt, self.history, UserMessage(text=self._prefaced(text), images=images))
            reason = await run_turn(self._rt, self.history, self._meter)
        except asyncio.CancelledError:
            reason = "cancelled"
        except OllamaCodeError as e:
            detail = e.sentence
        except Exception as e:
            log.exception("the turn failed")
            detail = (
                f"The program itself failed: {type(e).__name__}: {e}. Please report it; the session is kept."
            )
        finally:
            self._feed.emit(TurnFinished(reason=reason, detail=detail))

    def _prefaced(self, text: str) -> str:
        now = self._look()
        front = preface(self._told, now)
        self._told = now
        return f"{front}\n\n{text}" if front else text
