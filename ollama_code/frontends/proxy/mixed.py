"""Our tools beside a client's own: whose definition counts, and what ours did where the client could not see it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import cast

from pydantic import JsonValue

from ollama_code.core.head import WireTool
from ollama_code.core.messages import AssistantMessage, Message
from ollama_code.core.spelling import Spellings, plain
from ollama_code.tools.builtin import ALIASES

_MOST_KEPT = 64
"""Requests: more than the steps of a long task, each with some results of tools."""
_MEANT = Spellings(
    {**{alias.name: alias.tool for alias in ALIASES}, **{one.tool: one.tool for one in ALIASES}}
)


def beside(theirs: Sequence[WireTool], ours: Sequence[WireTool]) -> tuple[WireTool, ...]:
    """Both. Where they mean the same, as `Bash` and `run_command` do, the client's definition wins."""
    taken = {_meaning(name) for name in names_of(theirs)}
    return (*theirs, *(tool for tool in ours if not taken & {_meaning(name) for name in names_of([tool])}))


def names_of(tools: Iterable[WireTool]) -> list[str]:
    return [str(cast(dict[str, JsonValue], tool["function"])["name"]) for tool in tools]


def _meaning(name: str) -> str:
    return _MEANT.find(name) or plain(name)


class Unseen:
    """The steps with our tools that went before a call for a client. It sends back only what it has seen; the model
    would have forgotten the rest. The oldest give way: then the model looks again."""

    def __init__(self) -> None:
        self._before: OrderedDict[str, tuple[Message, ...]] = OrderedDict()

    def keep(self, call_id: str, steps: Sequence[Message]) -> None:
        """`steps` end with the answer that holds the call, and the results of ours in it."""
        self._before[call_id] = tuple(steps)
        if len(self._before) > _MOST_KEPT:
            self._before.popitem(last=False)

    def put_back(self, messages: Iterable[Message]) -> list[Message]:
        """All that the model has said and read, where it was."""
        whole: list[Message] = []
        for message in messages:
            calls = message.calls if isinstance(message, AssistantMessage) else ()
            steps = next((self._before[call.id] for call in calls if call.id in self._before), None)
            whole += steps or (message,)
        return whole
