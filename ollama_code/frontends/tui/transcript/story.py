"""Events to blocks: which block an event starts, continues or ends. Knows who is speaking (the main agent or a
subagent), never how it looks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ollama_code.agent.surroundings import without_preface
from ollama_code.core.events import (
    CallDrafted,
    Event,
    JobChanged,
    MessageAdded,
    Notice,
    PermissionAnswered,
    PermissionAsked,
    QuestionAnswered,
    Retried,
    StepStarted,
    TextDelta,
    ThinkingDelta,
    ToolFinished,
    ToolProgressed,
    ToolStarted,
    TurnFinished,
    TurnStarted,
)
from ollama_code.core.messages import AssistantMessage, Message, ToolCall, ToolMessage, UserMessage
from ollama_code.core.permission import Allowed, Refused
from ollama_code.core.results import Ending
from ollama_code.core.text import clean, one_line
from ollama_code.frontends.tui.transcript.blocks import (
    AnswerBlock,
    Block,
    NoticeBlock,
    ThinkingBlock,
    UserBlock,
)
from ollama_code.frontends.tui.transcript.draft import CallDraft
from ollama_code.frontends.tui.transcript.portions import portions
from ollama_code.frontends.tui.transcript.tool import ToolBlock

MAIN = "main"
NOT_KNOWN: Mapping[str, Ending] = MappingProxyType({})
_STOPS = {
    "cancelled": "Stopped.",
    "denied": "Stopped: a call was refused.",
    "step_limit": "Stopped: the step limit was reached.",
}
Stream = AnswerBlock | ThinkingBlock


@dataclass(frozen=True)
class Drafted:
    """A call being written, under the name that the model gave it."""

    name: str
    block: ToolBlock


class Story:
    """`place(block, depth)` puts a new block at the end, `touch(block)` says that one changed."""

    def __init__(self, place: Callable[[Block, int], None], touch: Callable[[Block], None]) -> None:
        self._place = place
        self._touch = touch
        self._open: dict[str, Stream] = {}
        self._step: dict[str, list[Stream]] = {}
        self._calls: dict[tuple[str, str], ToolBlock] = {}
        self._drafts: dict[str, dict[int, Drafted]] = {}
        self._begins = False
        """Whether the words that a turn begins with are about to come: they are on the screen already."""

    def hear(self, event: Event) -> None:
        match event:
            case TextDelta(text=text, agent=agent):
                self._stream(AnswerBlock, text, agent)
            case ThinkingDelta(text=text, agent=agent):
                self._stream(ThinkingBlock, text, agent)
            case ToolProgressed(call_id=call, text=text, agent=agent):
                if block := self._calls.get((agent, call)):
                    block.progress(text)
                    self._touch(block)
            case StepStarted(agent=agent):
                self._close(agent)
                self._withdraw(agent)
                self._step[agent] = []
            case CallDrafted():
                self._draft(event)
            case MessageAdded(message=AssistantMessage(text=text), agent=agent):
                self._correct(agent, text)
            case MessageAdded(message=UserMessage(by="person") as message, agent="main"):
                self._told(message)
            case ToolStarted():
                self._start_call(event)
            case ToolFinished(call_id=call, agent=agent):
                self._finish_call(event)
            case TurnStarted(text=text, agent=agent):
                self._begins = agent == MAIN or self._begins
                self._begin(UserBlock(text) if agent == MAIN else NoticeBlock(one_line(text), "dim"), agent)
            case TurnFinished():
                self._end_turn(event)
            case _:
                self._aside(event)

    def recall(
        self, messages: Iterable[Message], endings: Mapping[str, Ending] = NOT_KNOWN
    ) -> Iterator[Block]:
        """The blocks of a session that is continued, for the end of the conversation. A call went well unless
        `endings` knows better."""
        self._close(MAIN)
        for message in messages:
            if not isinstance(message, ToolMessage):
                yield from self._recalled(message)
            elif found := self._calls.pop((MAIN, message.call_id), None):
                found.finish_recalled(message.text, endings.get(message.call_id, "done"))

    def put(self, block: Block, agent: str = MAIN) -> None:
        """A word from the side. What `agent` is saying goes on above it, in one piece: its markdown is whole."""
        self._place(block, _depth(agent))

    def forget(self) -> None:
        self._open, self._step, self._calls, self._drafts = {}, {}, {}, {}

    def _begin(self, block: Block, agent: str) -> None:
        """A block that ends what `agent` was saying."""
        self._close(agent)
        self._place(block, _depth(agent))

    def _told(self, message: UserMessage) -> None:
        """Words of the person in the middle of a turn, which they steer."""
        if not self._begins:
            for words in message.words:
                self._begin(UserBlock(words), MAIN)
        self._begins = False

    def _aside(self, event: Event) -> None:
        """Facts that take one quiet line."""
        match event:
            case Retried(reason=reason, discarded=discarded, agent=agent):
                self._take_back(agent, discarded)
                self._withdraw(agent)
                fate = "Trying again; the words above are discarded." if discarded else "Trying again."
                self.put(NoticeBlock(f"{reason} {fate}", "warning"), agent)
            case Notice(text=text, agent=agent):
                self.put(NoticeBlock(text, "warning"), agent)
            case JobChanged(job=job, command=command, outcome=outcome, agent=agent):
                words = f"{one_line(job)} {one_line(outcome) or 'started'}: {one_line(command)}"
                self.put(NoticeBlock(words, "dim"), agent)
            case QuestionAnswered(question=question, text=text, agent=agent):
                self.put(NoticeBlock(f"{one_line(question.text)} → {one_line(text)}", "dim"), agent)
            case PermissionAsked(request=request, agent=agent):
                if block := self._calls.get((agent, request.call_id)):
                    block.ask()
                    self._touch(block)
            case PermissionAnswered(answer=Allowed(), request=request, agent=agent):
                if block := self._calls.get((agent, request.call_id)):
                    block.allow()
                    self._touch(block)
            case PermissionAnswered(answer=Refused(feedback=why), request=request, by=by, agent=agent):
                who = {"person": "Refused", "policy": "Refused by a rule or the mode"}.get(
                    by, "Nobody to ask"
                )
                note = f"{who}: {why}" if why else f"{who}."
                if block := self._calls.get((agent, request.call_id)):
                    block.refuse(note)
                    self._touch(block)
                else:
                    self.put(NoticeBlock(f"{one_line(request.title)}. {note}", "dim"), agent)
            case _:
                pass

    def _stream(self, kind: type[Stream], text: str, agent: str) -> None:
        block = self._open.get(agent)
        if not isinstance(block, kind):
            if not text.strip() and block is None:
                return
            self._close(agent)
            block = self._open[agent] = kind()
            self._step.setdefault(agent, []).append(block)
            block.add(text)
            self._place(block, _depth(agent))
            return
        block.add(text)
        self._touch(block)

    def _close(self, agent: str) -> None:
        if block := self._open.pop(agent, None):
            block.finish()
            self._touch(block)

    def _take_back(self, agent: str, discarded: str) -> None:
        """Words that were said and not discarded stay; thinking alone always goes."""
        self._close(agent)
        blocks = self._step.pop(agent, [])
        if discarded or not any(isinstance(block, AnswerBlock) for block in blocks):
            for block in blocks:
                block.strike()
                self._touch(block)

    def _correct(self, agent: str, text: str) -> None:
        """What was streamed may have held leftovers of a call; the message has the words that were meant."""
        answers = [block for block in self._step.get(agent, ()) if isinstance(block, AnswerBlock)]
        streamed = "".join(block.source for block in answers).strip()
        if not answers or clean(text).strip().startswith(streamed):  # a stopped answer goes on with a note
            return
        self._close(agent)
        for number, block in enumerate(answers):
            if number == 0 and text.strip():
                block.correct(text)
            else:
                block.remove()
            self._touch(block)

    def _draft(self, event: CallDrafted) -> None:
        drafts = self._drafts.setdefault(event.agent, {})
        if event.number not in drafts:
            for draft in drafts.values():
                draft.block.written()
                self._touch(draft.block)
            drafts[event.number] = Drafted(event.name, ToolBlock(draft=CallDraft(event.name)))
            self._begin(drafts[event.number].block, event.agent)
        block = drafts[event.number].block
        block.write(event.argument, event.text, event.tokens)
        self._touch(block)

    def _start_call(self, event: ToolStarted) -> None:
        """The block in which the call was seen to be written becomes the one of the call."""
        drafts = self._drafts.get(event.agent, {})
        named = (number for number, draft in drafts.items() if draft.name == event.call.name)
        number = next(named, next(iter(drafts), 0))
        if drafted := drafts.pop(number, None):
            block = drafted.block
            block.start(event.title)
            self._touch(block)
        else:
            block = ToolBlock(event.title)
            self._begin(block, event.agent)
        self._calls[event.agent, event.call.id] = block

    def _withdraw(self, agent: str) -> None:
        """Calls that came to nothing."""
        for draft in self._drafts.pop(agent, {}).values():
            draft.block.remove()
            self._touch(draft.block)

    def _finish_call(self, event: ToolFinished) -> None:
        if block := self._calls.pop((event.agent, event.call_id), None):
            block.finish(event.result)
            self._touch(block)

    def _end_turn(self, event: TurnFinished) -> None:
        self._close(event.agent)
        self._withdraw(event.agent)
        for key in [key for key in self._calls if key[0] == event.agent]:
            block = self._calls.pop(key)
            if block.is_open_ended:
                block.stop()
                self._touch(block)
        if event.detail:
            self.put(NoticeBlock(event.detail, "error"), event.agent)
        elif words := _STOPS.get(event.reason):
            self.put(NoticeBlock(words, "dim"), event.agent)

    def _recalled(self, message: UserMessage | AssistantMessage) -> Iterator[Block]:
        match message:
            case UserMessage(by="program", text=text):
                yield NoticeBlock(one_line(text), "dim")
            case UserMessage(words=words):
                for word in words:
                    yield UserBlock(without_preface(word))
            case AssistantMessage(text=text, thinking=thinking, calls=calls):
                if thinking.strip():
                    yield ThinkingBlock(thinking)
                if text.strip():
                    yield from map(AnswerBlock, portions(text))
                for call in calls:
                    block = self._calls[MAIN, call.id] = ToolBlock(_title(call))
                    yield block


def _depth(agent: str) -> int:
    return 0 if agent == MAIN else 1


def _title(call: ToolCall) -> str:
    """A call of an old session, in words: its name and the first thing it was told."""
    told = next((value for value in call.arguments.values() if isinstance(value, str) and value), "")
    return one_line(f"{call.name} {told}", limit=120)
