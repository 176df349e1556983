"""Old tool results, replaced by a line that names how to get them back. The newest stay; calls stay answered."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ollama_code.agent.meter import Meter
from ollama_code.core.messages import AssistantMessage, Message, ToolCall, ToolMessage
from ollama_code.core.permission import Kind
from ollama_code.core.text import one_line
from ollama_code.tools.toolset import Toolset

KEPT_SHARE = 0.25
"""Share of the window beside the head that the newest results may keep."""
_WORTH_TOKENS = 60
"""A result shorter than this costs no more than its stub."""
_SAVED = re.compile(r"\[The whole output is in (?P<path>.+?): read_file")
_MAIN = ("absolute_path", "file_path", "path", "paths", "pattern", "command", "query", "url")
"""Arguments by which a person would name the call."""


@dataclass(frozen=True)
class Dropped:
    """A shorter history, and how many results are gone from it or were cut."""

    history: list[Message]
    results: int


def drop_results(history: Sequence[Message], meter: Meter, toolset: Toolset, excess: int) -> Dropped:
    """`history` without as many results, oldest first, as makes it `excess` tokens shorter. What the model has not
    read yet is never dropped, but cut when it alone has more than its share."""
    shorter = list(history)
    calls = {call.id: call for m in history if isinstance(m, AssistantMessage) for call in m.calls}
    dropped = 0
    for i in _old(history, meter):
        if excess <= 0:
            return Dropped(shorter, dropped)
        result = shorter[i]
        assert isinstance(result, ToolMessage)
        stub = _stub(result, calls.get(result.call_id), toolset)
        excess -= meter.size([result]) - meter.size([stub])
        shorter[i] = stub
        dropped += 1
    if excess > 0:
        dropped += _cut_unread(shorter, meter)
    return Dropped(shorter, dropped)


def unread(history: Sequence[Message]) -> int:
    """The index of the first message behind the model's last answer."""
    spoke = (i for i in reversed(range(len(history))) if isinstance(history[i], AssistantMessage))
    return next(spoke, -1) + 1


def cut(result: ToolMessage, meter: Meter, tokens: int) -> ToolMessage:
    """`result` with as much of its head and tail as `tokens` hold; where the whole is saved stays named."""
    saved = _SAVED.search(result.text)
    where = f"\n[{_again(saved.group('path'))}]" if saved else ""
    return result.model_copy(update={"text": meter.fitted(result.text, tokens) + where})


def _old(history: Sequence[Message], meter: Meter) -> Iterator[int]:
    """Indices of the results that may go, oldest first."""
    left = int(meter.body_tokens * KEPT_SHARE)
    old = []
    for i in reversed(range(unread(history))):
        result = history[i]
        if isinstance(result, ToolMessage):
            size = meter.size([result])
            left -= size
            if left < 0 and size > _WORTH_TOKENS:
                old.append(i)
    return reversed(old)


def _cut_unread(history: list[Message], meter: Meter) -> int:
    """Shorten in place what the model has not read yet, each result to its part of the share."""
    new = [i for i in range(unread(history), len(history)) if isinstance(history[i], ToolMessage)]
    share = int(meter.body_tokens * KEPT_SHARE) // max(len(new), 1)
    shortened = 0
    for i in new:
        result = history[i]
        if isinstance(result, ToolMessage) and meter.size([result]) > max(share, _WORTH_TOKENS):
            history[i] = cut(result, meter, share)
            shortened += 1
    return shortened


def _stub(result: ToolMessage, call: ToolCall | None, toolset: Toolset) -> ToolMessage:
    pictures = f"{len(result.images)} picture(s) and " if result.images else ""
    text = f"[Removed to make room: {pictures}{len(result.text):,} characters. {_way_back(result, call, toolset)}]"
    return result.model_copy(update={"text": text, "images": ()})


def _way_back(result: ToolMessage, call: ToolCall | None, toolset: Toolset) -> str:
    if saved := _SAVED.search(result.text):
        return _again(saved.group("path"))
    found = toolset.find(result.name)
    wanted = _named(call)
    if found is None or found.tool.kind is Kind.READ:
        return f"Call {result.name} again{wanted} to see it."
    return f"It was the result of {result.name}{wanted}, which was carried out."


def _again(path: str) -> str:
    return f"It is all in {path}: read_file with offset and limit shows it."


def _named(call: ToolCall | None) -> str:
    arguments = call.arguments if call else {}
    name = next((name for name in (*_MAIN, *arguments) if arguments.get(name)), None)
    return f" with {name}={one_line(str(arguments[name]), limit=120)}" if name else ""
