"""Where a value between tags ends, and whether the end of a call may be that of another one written inside it."""

from __future__ import annotations

import re

from ollama_code.core.messages import Arguments
from ollama_code.providers.recover.declared import DeclaredTool
from ollama_code.providers.recover.forms.dialects import CHILD, PAIR_KEY, PAIRS, Dialect
from ollama_code.providers.recover.tokens import CLOSER, OPENER, garbage_end
from ollama_code.providers.recover.written import State


def value_end(text: str, start: int, closer: str, ends: tuple[re.Pattern[str], Dialect]) -> int:
    """The offset of the closer that ends the value, -1 when there is none: the first one that structure follows
    and, where the call seems to end with it, after which no other end of a call is left over."""
    after, dialect = ends
    at = text.find(closer, start)
    while at >= 0:
        follows = after.match(text, at + len(closer))
        if follows and not _goes_on(text, follows, closer, dialect):
            return at
        at = text.find(closer, at + len(closer))
    return -1


def _goes_on(text: str, follows: re.Match[str], closer: str, dialect: Dialect) -> bool:
    """Whether this end is inside the value: a further end comes, and no call starts before it."""
    if follows.groupdict().get("key") is not None:
        return False
    pair = re.compile(rf"{re.escape(closer)}\s*(?:{dialect.closer.pattern}|{CLOSER.pattern})")
    later = pair.search(text, follows.end())
    return later is not None and not dialect.opener.search(text, follows.end(), later.start())


def trimmed(value: str, dialect: Dialect) -> str:
    return value.removeprefix("\n").removesuffix("\n") if dialect.trims else value


def lacks_a_closer(arguments: Arguments, dialect: Dialect, tool: DeclaredTool | None) -> bool:
    """Whether a value goes on, on a line of its own, with an argument that is wanting: its closer is missing."""
    wanting = set(tool.signature.properties) - set(arguments) if tool else set()
    for value in map(str, arguments.values()):
        for key in dialect.key.finditer(value) if wanting else ():
            own_line = value[: key.start()].endswith("\n")
            if own_line and key.group("key") in wanting and dialect.closes(key) not in value[key.end() :]:
                return True
    return False


def closed_around(text: str, end: int, arguments: Arguments, dialect: Dialect) -> State:
    """The state of a call that is closed at `end`. Around the beginning of another call, that may be the end of the
    one within: it is where the text goes on, a second end follows or an argument is left open; else only a turn that
    was cut does not run."""
    values = [value for value in arguments.values() if isinstance(value, str)]
    begins = PAIR_KEY if dialect is PAIRS else dialect.opener
    if dialect.opener is CHILD or not any(begins.search(value) for value in values):
        return State.WHOLE
    after = garbage_end(text, end)
    goes_on = after < len(text) and not OPENER.match(text, after)
    left_open = any(_leaves_open(value, dialect) for value in values)
    return State.CUT if goes_on or left_open or dialect.closer.search(text, end, after) else State.UNCLOSED


def _leaves_open(value: str, dialect: Dialect) -> bool:
    """Whether an argument that is written inside `value` has no closer there."""
    last = next(reversed(list(dialect.key.finditer(value))), None)
    return last is not None and dialect.closes(last) not in value[last.end() :]
