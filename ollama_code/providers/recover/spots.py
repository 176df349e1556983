"""Where in a text a call may stand: what must be in front of it, what a text is that is one call as a whole, and
what belongs to something else."""

from __future__ import annotations

import re

from ollama_code.providers.recover.declared import Declared
from ollama_code.providers.recover.forms.named import NAME
from ollama_code.providers.recover.forms.python import LIST, OPENING, python_calls
from ollama_code.providers.recover.forms.tags import attributed
from ollama_code.providers.recover.tokens import INVENTED, INVISIBLE, OPENERS, garbage_end, head_end
from ollama_code.providers.recover.written import Block, Body, State, Written

_NAME_BEFORE = re.compile(
    rf"(?:{NAME}|function<[｜|]tool[▁_]sep[｜|]>{NAME})\s*(?:\[CALL_ID\][\w-]{{0,60}})?\Z"
)
_NAME_REACH = 240
_BEFORE = f".!?:…。！？：>]{INVISIBLE}"
_BEFORE_CALL = re.compile(rf"(?:^|[{re.escape(_BEFORE)}])[\s{INVISIBLE}]*\Z")
_NUMBERED = re.compile(r"^\s*(?:\d+|[a-zA-Z])[.)]\s*\Z")
_LINE_REACH = 400
_QUOTING = frozenset("'\"`=(")
_FOREIGN = re.compile(r"<(?P<name>[A-Za-z]+_\w{1,80})>")
_LONE_TAG = re.compile(rf"\s*{_FOREIGN.pattern}.*</(?P=name)>\s*\Z", re.DOTALL)
_FOREIGN_REACH = 20_000
"""Characters in which an element of another vocabulary must close."""


def is_quoted(text: str, at: int) -> bool:
    return at > 0 and text[at - 1] in _QUOTING


def stands(text: str, at: int) -> bool:
    """Whether an object may be more than part of a sentence: it begins its line, or follows a full stop."""
    if at and not (text[at - 1].isspace() or text[at - 1] in _BEFORE):
        return False
    line = text[max(0, at - _LINE_REACH) : at].rpartition("\n")[2]
    return bool(_BEFORE_CALL.search(line)) and not _NUMBERED.match(line)


def name_before(text: str, at: int, floor: int) -> int:
    """Where the name starts that a separator at `at` belongs to, not before `floor`."""
    reach = max(floor, at - _NAME_REACH)
    name = _NAME_BEFORE.search(text[reach:at])
    return reach + name.start() if name else at


def foreign_end(text: str, at: int, declared: Declared) -> int:
    """Where an element ends that may be the call of a tool nobody declared: what looks like a call in it is its
    content. 0 when there is none."""
    element = _FOREIGN.match(text, at)
    if not element or declared.find(element.group("name")):
        return 0
    return max(0, text.find(f"</{element.group('name')}>", element.end(), element.end() + _FOREIGN_REACH))


def alone(text: str, declared: Declared) -> Block | None:
    """The call that is all of `text`, in a form that anywhere else is something else."""
    return _python(text, head_end(text), declared) or _tag(text, declared)


def _python(text: str, at: int, declared: Declared) -> Block | None:
    """Python calls: anywhere else they are program code."""
    body = python_calls(text, at, declared) if OPENING.match(text, at) or LIST.match(text, at) else None
    if body and body.calls[-1].state is State.BROKEN and _is_one_line(text[at:].strip(), body, declared):
        return Block(body.calls, at, len(text), announced=True)
    if (
        body is None
        or LIST.match(text, at)
        or any(not declared.find(call.name) or call.odd for call in body.calls)
    ):
        return None
    end = garbage_end(text, body.end)
    rest = text[end:]
    is_all = not rest.strip() or INVENTED.match(rest.lstrip())
    return Block(body.calls, at, end, announced=False) if is_all else None


def _is_one_line(line: str, body: Body, declared: Declared) -> bool:
    """Whether unreadable Python is no program but calls of our tools: one line, or a list."""
    ours = all(declared.find(call.name) and not call.odd for call in body.calls)
    return ours and line.endswith((")", ")]")) and ("\n" not in line or line.endswith("]"))


def _tag(text: str, declared: Declared) -> Block | None:
    """One tag: with its arguments as attributes, or with a name of which there is no tool."""
    body = attributed(text, head_end(text), declared)
    if body and not text[body.end :].strip():
        return Block(body.calls, 0, body.end, announced=True)
    tag = _LONE_TAG.match(text) if text.rstrip().endswith(">") else None
    if not tag or declared.find(tag.group("name")) or OPENERS.match(text):
        return None
    call = Written(tag.group("name"), {}, State.BROKEN, tag.start(), tag.end())
    return Block((call,), 0, tag.end(), announced=True)
