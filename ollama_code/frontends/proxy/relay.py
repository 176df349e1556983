"""The model's own answer, passed on. A call in it, however it was written, is the client's to run."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from ollama_code.agent.step import Draft
from ollama_code.agent.turn import MOST_FAILURES
from ollama_code.agent.understand import Understood
from ollama_code.core.messages import ToolCall, UserMessage
from ollama_code.core.usage import Usage
from ollama_code.frontends.proxy.hearing import Everything, Hearing, Job, Nothing, heard_bound
from ollama_code.frontends.proxy.holdback import Holdback
from ollama_code.frontends.proxy.offered import declared
from ollama_code.frontends.proxy.pieces import Done, Piece, Worked
from ollama_code.ports import ReplyEnd, TextPiece

NOTHING = "The model answered with nothing that could be read. Ask again, or ask for less at once."


async def plain_answer(job: Job) -> AsyncGenerator[Piece, None]:
    """Without tools there is nothing to judge: what comes is the answer."""
    hearing = Hearing(job, job.request(job.asked.messages_for(job.model.info), ()))
    async with aclosing(hearing.pieces(Everything())) as pieces:
        async for piece in pieces:
            yield piece
    if hearing.draft.fault:
        raise hearing.draft.fault
    end = hearing.draft.end or ReplyEnd("stop", Usage())
    yield Done(end.reason, end.usage)


class Relay:
    """One request of a client that brings its own tools."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._declared = declared(job.asked.tools)
        self._names = [tool.name for tool in self._declared.tools]
        self._history = job.asked.messages_for(job.model.info)
        self._spoke = False

    async def pieces(self) -> AsyncGenerator[Piece, None]:
        """Asks again, with the reason, where an answer comes to nothing; `Done` is last. Raises: ProviderError."""
        for failures in range(MOST_FAILURES + 1):
            hearing = Hearing(self._job, self._job.request(self._history, self._job.asked.tools))
            holdback = Holdback(self._names)
            show = Nothing() if self._job.asked.must_call else holdback
            async with aclosing(hearing.pieces(show)) as pieces:
                async for piece in pieces:
                    self._spoke = self._spoke or isinstance(piece, TextPiece)
                    yield piece
            answer = hearing.meaning(self._declared)
            calls = [call for call in answer.message.calls if call.id not in answer.refused]
            if self._job.asked.must_call and not calls:
                draft = await heard_bound(self._job, hearing.request)
                text = "" if draft.calls else answer.message.text
            else:
                if (note := _note(hearing.draft, answer, calls)) and failures < MOST_FAILURES:
                    self._remember(answer, note)
                    yield Worked()
                    continue
                draft, draft.calls = hearing.draft, calls
                text = holdback.rest(answer.message.text) or ("" if calls else holdback.held().rstrip())
            for last in self._ending(draft, text):
                yield last
            return

    def _remember(self, answer: Understood, note: str) -> None:
        if answer.message.text:
            self._history.append(answer.message.model_copy(update={"calls": ()}))
        self._history.append(UserMessage(text=note, by="program"))

    def _ending(self, draft: Draft, text: str) -> list[Piece]:
        """What was held back and is text after all, the calls, and the end.
        Raises: ReplyBroken for an answer that could not be read."""
        calls = draft.calls[:1] if self._job.asked.one_call else draft.calls
        if draft.fault and not calls:
            raise draft.fault
        if not (text or calls or self._spoke or _is_cut(draft)):
            text = NOTHING
        end = draft.end or ReplyEnd("stop", Usage())
        last = Done("tool_calls" if calls else end.reason, end.usage)
        return [*([TextPiece(text)] if text else []), *calls, last]


def _note(draft: Draft, answer: Understood, calls: list[ToolCall]) -> str:
    """What to ask the model again with, if its answer came to nothing. One that reached the length that the client
    allowed is not asked for again: it would be cut again."""
    if calls or _is_cut(draft):
        return ""
    return answer.note or " ".join(dict.fromkeys(answer.refused.values()))


def _is_cut(draft: Draft) -> bool:
    return draft.end is not None and draft.end.reason == "length"
