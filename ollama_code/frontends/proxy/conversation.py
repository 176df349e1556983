"""The messages of a request, put as the server can use them.

Clients send what templates drop or put in the wrong place; each rule here mends one such habit, and puts a message at
the same place in every later request, so that the engine need not read again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ollama_code.core.messages import AssistantMessage, Image, Message, ToolCall, ToolMessage, UserMessage


class Conversation:
    """Grows message by message; `system` is what stood before the first other one.

    A system message further back would be moved to the front or dropped: it joins the user's turn beside it."""

    def __init__(self) -> None:
        self._system: list[str] = []
        self._held: list[str] = []
        self._messages: list[Message] = []
        self._names: dict[str, str] = {}

    def add_system(self, text: str) -> None:
        if text:
            (self._held if self._messages else self._system).append(text)

    def add_user(self, text: str, images: tuple[Image, ...] = ()) -> None:
        held = self._taken() if self._follows_answer() else []
        self._settle()
        self._messages.append(UserMessage(text=_joined([*held, text]), images=images))

    def add_assistant(self, text: str, thinking: str, calls: tuple[ToolCall, ...]) -> None:
        """Two in a row become one: templates that merge them lose the calls of the second."""
        self._settle()
        self._names |= {call.id: call.name for call in calls}
        message = AssistantMessage(text=text, thinking=thinking, calls=calls)
        if self._messages and isinstance(last := self._messages[-1], AssistantMessage):
            message = AssistantMessage(
                text=_joined([last.text, text]),
                thinking=_joined([last.thinking, thinking]),
                calls=(*last.calls, *calls),
            )
            self._messages.pop()
        self._messages.append(message)

    def add_result(self, call_id: str, text: str, images: tuple[Image, ...] = (), name: str = "") -> None:
        """The name is looked up where the client leaves it out: some templates find the call by nothing else."""
        name = name or self._names.get(call_id, "")
        self._messages.append(ToolMessage(call_id=call_id, name=name, text=text, images=images))

    def whole(self) -> tuple[str, tuple[Message, ...]]:
        """The system text, and the rest."""
        self._settle()
        return _joined(self._system), tuple(_in_call_order(self._messages))

    def _follows_answer(self) -> bool:
        return bool(self._messages) and not isinstance(self._messages[-1], UserMessage)

    def _settle(self) -> None:
        """What is held back joins the user's message before it, else becomes one."""
        if not self._held:
            return
        text = _joined(self._taken())
        last = self._messages[-1]
        if isinstance(last, UserMessage):
            self._messages[-1] = last.model_copy(update={"text": _joined([last.text, text])})
        else:
            self._messages.append(UserMessage(text=text))

    def _taken(self) -> list[str]:
        held, self._held = self._held, []
        return held


def _joined(parts: Sequence[str]) -> str:
    return "\n\n".join(part for part in parts if part)


def _in_call_order(messages: Sequence[Message]) -> list[Message]:
    """Results stand in the order of their calls: some templates tell them apart by nothing else."""
    ordered: list[Message] = []
    results: list[ToolMessage] = []
    places: dict[str, int] = {}
    for message in messages:
        if isinstance(message, ToolMessage):
            results.append(message)
            continue
        ordered += _sorted(results, places)
        results = []
        ordered.append(message)
        if isinstance(message, AssistantMessage):
            places = {call.id: number for number, call in enumerate(message.calls)}
    return ordered + _sorted(results, places)


def _sorted(results: Sequence[ToolMessage], places: Mapping[str, int]) -> list[Message]:
    return [*sorted(results, key=lambda result: places.get(result.call_id, len(places)))]
