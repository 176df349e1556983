"""The loop. Stateless: a context in, the same context grown, events out."""

from __future__ import annotations

from dataclasses import replace

from ollama_code.agent.calls import run_calls
from ollama_code.agent.context import Context
from ollama_code.agent.exchange import Manner, declared, offered
from ollama_code.agent.loops import LoopGuard
from ollama_code.agent.refit import HeadMisfits, fitting
from ollama_code.agent.room import ask_with_room
from ollama_code.agent.runtime import Runtime
from ollama_code.agent.step import Draft, StepFailed
from ollama_code.agent.understand import Understood, understood
from ollama_code.core.events import Notice, Retried, StepStarted, StopReason
from ollama_code.core.messages import UserMessage
from ollama_code.providers.recover import Declared

NOT_RUN = "Not run: the turn was stopped."
UNKNOWN = "The program ended before this call: it may have done all of its work or part. Look before you do it again."
MOST_FAILURES = 2
"""Answers in a row that may come to nothing: after the first the model is told why, after the second it is bound."""


async def run_turn(rt: Runtime, context: Context) -> StopReason:
    """Alternate model and tools until the model stops calling. Whatever ends the turn, every call in the history
    has an answer.
    Raises: ProviderError when the model cannot be asked, CancelledError when the turn is stopped."""
    try:
        return await _Turn(rt, context).run()
    except StepFailed as e:
        if kept := e.draft.cut_off():
            context.add(kept)
        raise e.cause from None
    finally:
        context.close_calls(NOT_RUN)


class _Turn:
    """The few things that one turn remembers from step to step."""

    def __init__(self, rt: Runtime, context: Context) -> None:
        self._context = context
        self._manner = self._plain = Manner()
        self._go_on_with(rt)
        self._guard = LoopGuard(rt.world)
        self._failures = 0

    def _go_on_with(self, rt: Runtime) -> None:
        """A head that offers other tools, or in another way, changes what an answer may be bound to."""
        self._rt = rt
        self._declared: Declared = declared(rt.tooling.toolset)
        self._offered = offered(rt)
        if rt.head.acting == "constrained" or self._plain.bound:
            self._plain = replace(self._plain, bound=self._offered)
        if self._manner.bound != ():
            self._manner = replace(self._manner, bound=self._plain.bound)

    async def run(self) -> StopReason:
        for number in range(1, self._rt.max_steps + 1):
            self._context.take_steering()
            self._rt.emit(StepStarted(number=number, agent=self._rt.agent))
            if number == self._rt.max_steps and self._manner.bound:
                self._manner = Manner(think=False, bound=())
                self._tell(
                    f"This is step {number}, the last one (--max-steps): the model may only answer now."
                )
            if stop := await self._step():
                return stop
        self._tell(f"Stopped after {self._rt.max_steps} steps (--max-steps).")
        return "step_limit"

    async def _step(self) -> StopReason | None:
        """The reason to stop, if this step is the last."""
        compactions = self._context.compactions
        draft = await self._asked()
        if self._context.compactions > compactions:
            self._guard.forget()
        answer = understood(draft, self._declared)
        if answer.note:
            return self._ask_again(draft, answer)
        self._failures = 0
        self._manner = self._plain
        self._context.add(answer.message)
        if draft.end is not None:
            self._context.meter.note(self._context.history, draft.end.usage)
        if answer.message.calls:
            return await self._call(answer)
        if draft.end and draft.end.reason == "length":
            self._tell("The answer reached the end of the context window.")
        return None if self._context.take_steering() else "done"

    async def _asked(self) -> Draft:
        while True:
            try:
                return await ask_with_room(self._rt, self._context, self._manner)
            except HeadMisfits:
                self._go_on_with(fitting(self._rt, self._context))

    async def _call(self, answer: Understood) -> StopReason | None:
        refused_before = self._guard.refusals
        calls = run_calls(self._rt, self._context, self._guard, answer.message.calls, answer.refused)
        if stop := await calls:
            return stop
        if self._guard.exhausted:
            self._tell(
                "Stopped: the model makes the same call again and again, with the same result. Tell it what to do "
                "differently."
            )
            return "loop"
        if self._guard.refusals > refused_before and self._manner.bound is not None:
            self._manner = Manner(think=False, bound=())
        return None

    def _ask_again(self, draft: Draft, answer: Understood) -> StopReason | None:
        self._failures += 1
        shown = "".join(draft.text)
        if answer.message.text:
            self._context.add(answer.message.model_copy(update={"calls": ()}))
            shown = ""
        if self._failures > MOST_FAILURES:
            self._tell(f"{answer.why} That was the third answer that came to nothing, so the turn ends here.")
            return "failed"
        self._rt.emit(
            Retried(reason=answer.why, attempt=self._failures, discarded=shown, agent=self._rt.agent)
        )
        self._context.add(UserMessage(text=answer.note, by="program"))
        if self._failures == MOST_FAILURES and self._rt.head.tools:
            self._manner = self._plain = Manner(think=False, bound=self._offered)
        elif answer.thought_only:
            self._manner = Manner(think=False, bound=self._plain.bound)
        return None

    def _tell(self, text: str) -> None:
        self._rt.emit(Notice(text=text, agent=self._rt.agent))
