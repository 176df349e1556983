"""Calls written as Python: `N(k=v)`, lists of them, `print(N(...))`, `N.call(...)`."""

from __future__ import annotations

import re

from ollama_code.core.loose import PYTHON, Broken, Cut, blank, read
from ollama_code.core.messages import Arguments
from ollama_code.providers.recover.declared import Declared
from ollama_code.providers.recover.written import Body, State, Written

OPENING = re.compile(r"(?P<printed>print\(\s*)?(?P<name>[A-Za-z_][\w.-]{0,120}?)(?:\.call)?\(")
LIST = re.compile(r"\[\s*(?=[A-Za-z_][\w.-]{0,120}\()")
_KEYWORD = re.compile(r"([A-Za-z_]\w{0,100})\s*=(?!=)")
_BETWEEN = re.compile(r"[\s,;]*")


def python_calls(text: str, at: int, declared: Declared) -> Body | None:
    """The calls at `at`, one or several; `None` where something else stands. A call whose argument has no name is
    odd: between tags it is one, alone it may be a line of code."""
    listed = LIST.match(text, at)
    at = listed.end() if listed else at
    calls: list[Written] = []
    end = at
    while opening := OPENING.match(text, at):
        call, end = _call(text, opening, declared)
        calls.append(call)
        at = _skip(text, end)
        if call.state is not State.WHOLE:
            break
    if not calls:
        return None
    if listed:
        at = blank(text, end)
        end = at + 1 if text.startswith("]", at) else end
    return Body(tuple(calls), end)


def _skip(text: str, at: int) -> int:
    found = _BETWEEN.match(text, at)
    return found.end() if found else at


def _call(text: str, opening: re.Match[str], declared: Declared) -> tuple[Written, int]:
    name, start = opening.group("name"), opening.start()
    try:
        arguments, end = _arguments(text, opening.end(), _only_required(declared, name))
    except Broken as e:
        cut = isinstance(e, Cut)
        end = len(text) if cut else max(start + 1, e.at)
        return Written(name, {}, State.CUT if cut else State.BROKEN, start, end), end
    closed = text.startswith(")", end)
    end += closed
    state = State.WHOLE if closed else State.BRACE
    call = Written(name, arguments, state, start, end, odd=_positional(text, opening.end()))
    if opening.group("printed") and text.startswith(")", blank(text, end)):
        end = blank(text, end) + 1
    return call, end


def _positional(text: str, at: int) -> bool:
    at = blank(text, at)
    return not text.startswith(")", at) and not _KEYWORD.match(text, at)


def _only_required(declared: Declared, name: str) -> str:
    tool = declared.find(name)
    required = tool.signature.required if tool else []
    return required[0] if len(required) == 1 else ""


def _arguments(text: str, at: int, only: str) -> tuple[Arguments, int]:
    """The arguments up to the closing parenthesis, or the end of the text where just that is missing. One
    value without a name is the only required argument `only`. Raises: Cut, Broken."""
    arguments: Arguments = {}
    at = blank(text, at)
    while not text.startswith(")", at):
        keyword = _KEYWORD.match(text, at)
        if not keyword and (arguments or not only):
            raise Broken("an argument without a name", at)
        name = keyword.group(1) if keyword else only
        value = read(text, keyword.end() if keyword else at, PYTHON)
        if name in arguments:
            raise Broken("one argument twice", at)
        arguments[name] = value.value
        at = blank(text, value.end)
        if text.startswith(",", at):
            at = blank(text, at + 1)
        elif not text.startswith(")", at):
            if at < len(text):
                raise Broken("a comma is missing", at)
            return arguments, at
    return arguments, at
