"""What a summary must not lose: the person's words, open todos, files in play, pictures, and the last steps.

Pure: a history in, the one that takes its place out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ollama_code.agent.context import Standing
from ollama_code.agent.meter import Meter
from ollama_code.agent.stubs import cut
from ollama_code.core.messages import (
    AssistantMessage,
    Image,
    Message,
    ToolCall,
    ToolMessage,
    UserMessage,
)
from ollama_code.core.text import one_line
from ollama_code.core.todo import TodoItem

FRONT = "The conversation so far was removed to make room. Your own summary of it:"
LAST_SHARE = 0.25
"""Share of the window beside the head that the person's last message may keep word for word. All shares together
leave a quarter of it free."""
TAIL_SHARE = 0.2
"""Share for what came after that message."""
WORDS_SHARE = 0.1
"""Share for what the person said before."""
SUMMARY_SHARE = 0.15
"""Share for the summary itself."""
MOST_FILES = 12
MOST_TODOS = 20
_DETACHED = "[What was attached to this message was removed to make room: read it again if you need it.]"
_PATHS = ("absolute_path", "file_path", "path", "paths")


def carried(history: Sequence[Message], summary: str, standing: Standing, meter: Meter) -> list[Message]:
    """The history that begins with `summary`: one message of the person with all that has to stay, then as much of
    the end as has room."""
    start = _start(history, meter)
    opening = history[start]
    assert isinstance(opening, UserMessage), "a person began this conversation"
    words = tuple(word for m in history[: start + 1] if isinstance(m, UserMessage) for word in m.words)
    files = files_in_play(history)
    told = "\n\n".join(
        part
        for part in (
            f"{FRONT}\n{meter.fitted(summary, int(meter.body_tokens * SUMMARY_SHARE))}" if summary else "",
            _todos(standing.todos),
            f"Files in play: {', '.join(files)}" if files else "",
            _earlier(words[:-1], meter),
            _gone(history, opening.images),
            standing.surroundings if standing.surroundings not in opening.text else "",
            _last(opening, words, meter),
        )
        if part
    )
    first = UserMessage(text=told, images=opening.images, said=words, files=files)
    return [first, *_tail(history[start + 1 :], meter)]


def files_in_play(history: Sequence[Message]) -> tuple[str, ...]:
    """Paths of the conversation, the last touched last."""
    paths: dict[str, None] = {}
    for message in history:
        for path in _paths(message):
            paths.pop(path, None)
            paths[path] = None
    return tuple(paths)[-MOST_FILES:]


def _paths(message: Message) -> Iterator[str]:
    match message:
        case UserMessage(files=files):
            yield from files
        case AssistantMessage(calls=calls):
            for call in calls:
                yield from map(one_line, _files(call))
        case _:
            return


def _files(call: ToolCall) -> Iterator[str]:
    """What it reads or writes; of a search, where it looks is no file."""
    if "pattern" in call.arguments:
        return
    for value in map(call.arguments.get, _PATHS):
        for path in value if isinstance(value, list) else [value]:
            if isinstance(path, str) and path.strip("./") and "*" not in path:
                yield path


def _start(history: Sequence[Message], meter: Meter) -> int:
    """Where the last turns begin that stay as they are: the last one, and those before it that have room."""
    starts = [i for i, m in enumerate(history) if isinstance(m, UserMessage) and m.by == "person"]
    room = min(int(meter.body_tokens * TAIL_SHARE), meter.size(history) // 3)
    kept = [i for i in starts if meter.size(history[i:]) <= room]
    return kept[0] if kept else starts[-1]


def _last(opening: UserMessage, words: Sequence[str], meter: Meter) -> str:
    """The message whole with what rode in it, when there is room; else the person's own words."""
    room = int(meter.body_tokens * LAST_SHARE)
    if opening.files or opening.text.startswith(FRONT):
        return meter.fitted(words[-1], room)
    if meter.size([UserMessage(text=opening.text)]) <= room:
        return opening.text
    said = meter.fitted(words[-1], room)
    return f"{said}\n\n{_DETACHED}" if opening.said else said


def _earlier(words: Sequence[str], meter: Meter) -> str:
    """What the person said before: the first task, and the newest that has room beside it, in any case the last:
    that may be the task, and what came after it a word on the way."""
    room = int(meter.body_tokens * WORDS_SHARE)
    if not words:
        return ""
    first = meter.fitted(words[0], room // 2)
    room -= meter.size([UserMessage(text=first)])
    newest: list[str] = []
    for word in reversed(words[1:]):
        kept = meter.fitted(word, room)
        room -= meter.size([UserMessage(text=kept)])
        if newest and room < 0:
            break
        newest.insert(0, kept)
    left_out = len(words) - 1 - len(newest)
    gap = [f"[{left_out} messages left out]"] if left_out else []
    lines = [f"- {word}" for word in (first, *gap, *newest)]
    return "\n".join(("What the person said before, word for word:", *lines))


def _todos(items: Sequence[TodoItem]) -> str:
    still = [item for item in items if item.status != "completed"]
    lines = [f"- {one_line(item.content)} ({item.status}, id {item.id})" for item in still[:MOST_TODOS]]
    more = [f"- and {len(still) - MOST_TODOS} more"] if len(still) > MOST_TODOS else []
    return "\n".join(("Open todos:", *lines, *more)) if still else ""


def _gone(history: Sequence[Message], kept: tuple[Image, ...]) -> str:
    """Pictures that the model cannot see any more."""
    shown = sum(len(m.images) for m in history if isinstance(m, UserMessage | ToolMessage))
    gone = shown - len(kept)
    return (
        f"[{gone} picture(s) of the conversation so far were removed: ask for one, or read it again.]"
        if gone > 0
        else ""
    )


def _tail(rest: Sequence[Message], meter: Meter) -> list[Message]:
    """The last steps, whole as long as there is room; the results of the very last one are cut to fit."""
    left = int(meter.body_tokens * TAIL_SHARE)
    kept: list[Message] = []
    for step in reversed(_steps(rest)):
        size = meter.size(step)
        if size > left:
            return kept if kept else _cut_step(step, meter, left)
        left -= size
        kept = [*step, *kept]
    return kept


def _steps(messages: Sequence[Message]) -> list[list[Message]]:
    """Each answer of the model with the results of its calls and what was said after them."""
    steps: list[list[Message]] = []
    for message in messages:
        if isinstance(message, AssistantMessage) or not steps:
            steps.append([])
        steps[-1].append(message)
    return steps


def _cut_step(step: Sequence[Message], meter: Meter, room: int) -> list[Message]:
    results = [m for m in step if isinstance(m, ToolMessage)]
    fixed = meter.size([m for m in step if not isinstance(m, ToolMessage)])
    if not results or fixed >= room // 2:
        return [m for m in step if isinstance(m, UserMessage)]
    share = (room - fixed) // len(results)
    return [cut(m, meter, share) if isinstance(m, ToolMessage) else m for m in step]
