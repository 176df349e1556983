"""From a request to its answer: passed through for a client with tools of its own, else with the seven run here.
Where both are offered, ours run here and the client's calls are handed to it.

The conversation comes with the request. Closing the iterator stops the model and the command."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace

from ollama_code.agent.loops import LoopGuard
from ollama_code.agent.room import ANSWER_SHARE, GOAL_SHARE, TIGHT_SHARE
from ollama_code.agent.stubs import drop_results
from ollama_code.agent.turn import MOST_FAILURES
from ollama_code.agent.understand import Understood
from ollama_code.bootstrap.workbench import Workbench
from ollama_code.core.errors import ProviderError
from ollama_code.core.head import WireTool
from ollama_code.core.messages import ToolCall, ToolMessage, UserMessage
from ollama_code.core.usage import Usage
from ollama_code.frontends.proxy.hearing import Hearing, Job
from ollama_code.frontends.proxy.holdback import Holdback
from ollama_code.frontends.proxy.mixed import beside, names_of
from ollama_code.frontends.proxy.offered import declared
from ollama_code.frontends.proxy.pieces import Done, Piece, Reason, SearchFailed, Worked
from ollama_code.frontends.proxy.relay import Relay, plain_answer
from ollama_code.ports import TextPiece
from ollama_code.tools.seven import READING
from ollama_code.workspace.fingerprint import Fingerprint

ANSWER_NOW = (
    "No more tools can be called in this turn. Answer now with what you know, and say what is left to do."
)
NO_SEARCH = "The web cannot be searched here: this server has no search."
NO_ANSWER = "The model ended without an answer. Ask again, or ask for less at once."


async def answer(job: Job) -> AsyncGenerator[Piece, None]:
    """The pieces of the answer, `Done` last. Raises: ProviderError, also when too many requests are here already."""
    with job.backend.admission.let_in():
        async with aclosing(_answer(job)) as pieces:
            async for piece in pieces:
                yield piece


def _answer(job: Job) -> AsyncGenerator[Piece, None]:
    if _ours_run(job):
        return _Run(job).pieces()
    if job.asked.tools:
        return Relay(job).pieces()
    return plain_answer(job)


async def no_search() -> AsyncGenerator[Piece, None]:
    """For a request to search the web: the model's words would be taken for what was found."""
    yield SearchFailed()
    yield TextPiece(NO_SEARCH)
    yield Done("stop", Usage())


def tools_for(job: Job) -> tuple[WireTool, ...]:
    """What the model is offered: the client's own tools, and ours where they may run."""
    return beside(job.asked.tools, job.backend.tools) if _ours_run(job) else job.asked.tools


def _ours_run(job: Job) -> bool:
    """A call that the client forces is one of its own."""
    return job.asked.ours and job.model.info.tools and not job.asked.must_call


class _Run:
    """One request in which our tools run."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._tools = tools_for(job)
        self._theirs = names_of(job.asked.tools)
        self._declared = declared(self._tools, READING)
        self._history = job.unseen.put_back(job.asked.messages_for(job.model.info))
        self._asked = len(self._history)
        self._usage = Usage()
        self._reason: Reason = "stop"
        self._failures = 0
        self._guard = LoopGuard(Fingerprint(str(job.backend.serving.bounds.directory)).take)
        self._spoke = False
        self._changed = False

    async def pieces(self) -> AsyncGenerator[Piece, None]:
        try:
            async with AsyncExitStack() as stack, aclosing(self._steps(stack)) as pieces:
                async for piece in pieces:
                    self._spoke = self._spoke or (isinstance(piece, TextPiece) and bool(piece.text.strip()))
                    yield piece
        except ProviderError as e:
            if not self._changed:
                raise
            # An error would make the client send everything again, and the tools would run twice.
            yield TextPiece(f"The work stopped before it was finished, after tools had run: {e.sentence}")
            yield Done("stop", self._usage)

    async def _steps(self, stack: AsyncExitStack) -> AsyncGenerator[Piece, None]:
        """The tools open with the first call, on `stack`."""
        bench: Workbench | None = None
        for left in reversed(range(self._job.backend.serving.max_iterations + 1)):
            is_last = not left or self._guard.exhausted
            if is_last:
                self._history.append(UserMessage(text=ANSWER_NOW, by="program"))
            tools = () if is_last else self._tools
            self._make_room(bench, tools)
            hearing = Hearing(self._job, self._job.request(self._history, tools))
            holdback = Holdback(tool.name for tool in self._declared.tools)
            async with aclosing(hearing.pieces(holdback)) as pieces:
                async for piece in pieces:
                    yield piece
            meaning = self._taken(hearing)
            if text := holdback.rest(meaning.message.text) or _unjudged(holdback, meaning):
                yield TextPiece(text)
            if is_last or self._is_over(hearing, meaning):
                break
            theirs = [call for call in meaning.message.calls if self._is_theirs(call, meaning)]
            if len(theirs) < len(meaning.message.calls):
                if bench is None:
                    bench = await stack.enter_async_context(self._job.backend.bench(self._job.client))
                await self._work(bench, hearing, meaning)
            if theirs:
                self._hand_on(theirs)
                for call in theirs:
                    yield call
                break
            yield Worked()
        if not self._spoke and self._reason != "tool_calls":
            yield TextPiece(NO_ANSWER)
        yield Done(self._reason, self._usage)

    def _make_room(self, bench: Workbench | None, tools: tuple[WireTool, ...]) -> None:
        """The client knows nothing of what our tools found: that it does not fit is not for it to mend. What came
        with the request is, and stays."""
        if bench is None:
            return
        meter = self._job.learned.meter(self._job.head(tools))
        needed = meter.used(self._history) + int(meter.num_ctx * ANSWER_SHARE)
        if needed > meter.num_ctx * TIGHT_SHARE:
            excess = needed - int(meter.num_ctx * GOAL_SHARE)
            shorter = drop_results(self._history, meter, bench.toolset, excess).history
            self._history[self._asked :] = shorter[self._asked :]
            self._guard.forget()

    def _taken(self, hearing: Hearing) -> Understood:
        """What the answer means, which is also what the model is told that it said."""
        end = hearing.draft.end
        if end is not None:
            self._usage = self._usage + end.usage
            self._reason = end.reason
        meaning = hearing.meaning(self._declared)
        ours = [call for call in meaning.message.calls if not self._is_theirs(call, meaning)]
        theirs = [call for call in meaning.message.calls if self._is_theirs(call, meaning)]
        calls = (*ours, *(theirs[:1] if self._job.asked.one_call else theirs))
        message = meaning.message.model_copy(update={"calls": calls})
        self._history.append(message)
        return replace(meaning, message=message)

    def _is_theirs(self, call: ToolCall, meaning: Understood) -> bool:
        return call.name in self._theirs and call.id not in meaning.refused

    def _hand_on(self, calls: Sequence[ToolCall]) -> None:
        """These end the answer: their client runs them and comes back with the results."""
        self._job.unseen.keep(calls[0].id, self._history[self._asked :])
        self._reason = "tool_calls"

    def _is_over(self, hearing: Hearing, meaning: Understood) -> bool:
        """Whether this was the answer. One that came to nothing is asked for again, with the reason.
        Raises: ReplyBroken when the server could not read it too often."""
        if not meaning.note:
            self._failures = 0
            return not meaning.message.calls
        self._failures += 1
        if self._failures > MOST_FAILURES and hearing.draft.fault:
            raise hearing.draft.fault
        if self._failures > MOST_FAILURES or (hearing.draft.end and hearing.draft.end.reason == "length"):
            return True
        if not (meaning.message.text or meaning.message.thinking):
            self._history.pop()
        self._history.append(UserMessage(text=meaning.note, by="program"))
        return False

    async def _work(self, bench: Workbench, hearing: Hearing, meaning: Understood) -> None:
        """Run our calls in order: one may need what the one before it wrote."""
        meter = self._job.learned.meter(hearing.request.head)
        calls = [call for call in meaning.message.calls if not self._is_theirs(call, meaning)]
        for number, call in enumerate(calls):
            budget = meter.result_budget(self._history, len(calls) - number)
            text = await self._result(bench, call, meaning.refused, budget)
            self._history.append(ToolMessage(call_id=call.id, name=call.name, text=text))

    async def _result(
        self, bench: Workbench, call: ToolCall, refused: Mapping[str, str], budget_chars: int
    ) -> str:
        if why := refused.get(call.id):
            return f"Error: {why}"
        if why := await self._guard.refusal(call):
            return f"Error: {why}"
        if bench.changes(call.name):
            self._changed = True
            async with self._job.backend.changing:
                text = await bench.answer(call, budget_chars)
        else:
            text = await bench.answer(call, budget_chars)
        await self._guard.note(call, text)
        return text


def _unjudged(holdback: Holdback, meaning: Understood) -> str:
    """What was held back of an answer that is nothing but words."""
    return "" if meaning.note or meaning.message.calls else holdback.held().rstrip()
