"""The context of one agent: its history, what is known of its size, and what waits to be said to the model.

It only grows, but for compaction, which replaces it and says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ollama_code.agent.meter import Meter
from ollama_code.core.events import Compacted, MessageAdded, Notice
from ollama_code.core.head import Head
from ollama_code.core.messages import AssistantMessage, Message, ToolMessage, UserMessage
from ollama_code.core.todo import TodoItem
from ollama_code.ports import Emit


@dataclass(frozen=True)
class Standing:
    """What holds now, whatever was said: the todos, and the lines that tell the model where it is."""

    todos: tuple[TodoItem, ...] = ()
    surroundings: str = ""


class Context:
    """`history` is changed through `add` alone, or by a compaction. One turn at a time works on it.
    `chars_per_token` is what was learned of the model before."""

    def __init__(
        self,
        head: Head,
        emit: Emit,
        history: list[Message],
        agent: str = "main",
        chars_per_token: float | None = None,
    ) -> None:
        self.history = history
        self.meter = Meter(head, chars_per_token)
        self.agent = agent
        self.standing: Callable[[], Standing] = Standing
        """Asked when the conversation is summarised."""
        self.compactions = 0
        """How often the history was replaced: what was said before may be gone."""
        self.settled_tokens = 0
        """What the last compaction left."""
        self.hides: Callable[[str], str] = str
        """What comes from the person and from tools, as the model may read it."""
        self._emit = emit
        self._steering: list[UserMessage] = []

    def add(self, message: Message) -> None:
        message = self._readable(message)
        self.history.append(message)
        self._emit(MessageAdded(message=message, agent=self.agent))

    def _readable(self, message: Message) -> Message:
        changes: dict[str, object] = {}
        if isinstance(message, UserMessage | ToolMessage):
            changes["text"] = self.hides(message.text)
        if isinstance(message, UserMessage):
            changes["said"] = tuple(map(self.hides, message.said))
        readable = message.model_copy(update=changes)
        if readable != message:
            self._emit(Notice(text="Secrets were kept from the model (hideSecrets).", agent=self.agent))
        return readable

    def replace(self, history: Sequence[Message]) -> None:
        """Go on from another, shorter history."""
        before = self.meter.used(self.history)
        self.history[:] = history
        self.meter.restart(self.history)
        self.settled_tokens = self.meter.used(self.history)
        self.compactions += 1
        self._emit(
            Compacted(
                history=tuple(self.history),
                tokens_before=before,
                tokens_after=self.settled_tokens,
                agent=self.agent,
            )
        )

    def go_on_with(self, head: Head) -> None:
        """The same conversation behind another head: nobody has counted that."""
        self.meter.go_on_with(head, self.history)

    def steer(self, message: UserMessage) -> None:
        """What the person says and the model shall hear before its next step."""
        self._steering.append(message)

    @property
    def steering(self) -> tuple[UserMessage, ...]:
        """What `steer` was told and the model has not heard."""
        return tuple(self._steering)

    def take_steering(self) -> bool:
        """Add what waits to be heard; whether there was anything."""
        messages = self.unheard()
        for message in messages:
            self.add(message)
        return bool(messages)

    def unheard(self, last: int | None = None) -> tuple[UserMessage, ...]:
        """`steering`, or the `last` of it, which waits no longer."""
        first = 0 if last is None else max(len(self._steering) - last, 0)
        messages, self._steering[first:] = tuple(self._steering[first:]), []
        return messages

    def close_calls(self, text: str) -> None:
        """Answer every unanswered call of the last answer with `text`, so that the history stays valid."""
        last = next(
            (i for i in reversed(range(len(self.history))) if isinstance(self.history[i], AssistantMessage)),
            None,
        )
        if last is None:
            return
        reply = self.history[last]
        assert isinstance(reply, AssistantMessage)
        answered = {m.call_id for m in self.history[last + 1 :] if isinstance(m, ToolMessage)}
        for call in reply.calls:
            if call.id not in answered:
                self.add(ToolMessage(call_id=call.id, name=call.name, text=text))
