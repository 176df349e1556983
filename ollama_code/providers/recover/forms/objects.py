"""Calls as JSON objects: `{"name": ..., "arguments": {...}}` under all the keys models use, nested or in lists."""

from __future__ import annotations

import re
from dataclasses import replace

from pydantic import JsonValue

from ollama_code.core.coercion import ARGUMENT_KEYS, NAME_KEYS
from ollama_code.core.loose import Broken, Cut, Style, blank, read, whole
from ollama_code.core.messages import Arguments
from ollama_code.providers.recover.tokens import CLOSER, STOP
from ollama_code.providers.recover.written import Body, State, Written

STYLE = Style(stop=STOP)
_LISTS = ("tool_calls", "toolCalls")
_NESTS = (
    *_LISTS,
    "function_call",
    "functionCall",
    "tool_call",
    "toolCall",
    "tool_use",
    "toolUse",
    *NAME_KEYS,
)
_BESIDE = frozenset(
    "id type tool_call_id toolCallId call_id toolUseId index thought thoughts reasoning thinking".split()
)
_RESULTS = {"result", "results", "output", "response"}
_NAMED = re.compile(rf"""["'“”]?(?:{"|".join(NAME_KEYS)})["'“”]?\s*:\s*["'“”]([^"'“”\n]{{0,200}})["'“”]""")
_CARRIES = re.compile(
    rf"""["'“”]?(?:{"|".join((*ARGUMENT_KEYS, *_LISTS, "function", "functionCall"))})["'“”]?\s*:\s*["“{{\[]"""
)
_BOUND = re.compile(rf"{CLOSER.pattern}|\n```")
_QUOTE_AND_WORDS = re.compile(r"[\"'](?!/?>)\s*[^\s\"'`<}\])]")
_LOOK_AHEAD = 1000
"""Characters in which a broken object shows that it was to be a call."""
_REACH = 20_000
"""Characters behind a fault in which the end of a broken object is looked for."""


def objects(text: str, at: int) -> tuple[Body | None, int]:
    """The call or calls in the object or list at `at`, else `None`; and the offset to go on from."""
    if text[at] == "[":
        return _list(text, at)
    call, end = _element(text, at)
    return (Body(call, end), end) if call is not None else (None, end)


def _list(text: str, start: int) -> tuple[Body | None, int]:
    calls: list[Written] = []
    at = blank(text, start + 1)
    while text.startswith("{", at):
        found, end = _element(text, at)
        if found is None:
            return None, _value_end(text, start)
        calls += found
        at = blank(text, end)
        at = blank(text, at + 1) if text.startswith(",", at) else at
        if found[-1].state in (State.CUT, State.BROKEN):
            return Body(tuple(calls), end), end
    if not calls:
        return None, _value_end(text, start)
    end = at + 1 if text.startswith("]", at) else at
    return Body(tuple(calls), end), end


def _value_end(text: str, at: int) -> int:
    try:
        return read(text, at).end
    except Broken as e:
        return max(at + 1, e.at)


def _element(text: str, at: int) -> tuple[tuple[Written, ...] | None, int]:
    try:
        found = read(text, at, STYLE)
    except Broken as e:
        state = State.CUT if isinstance(e, Cut) else State.BROKEN
        broken = _broken(text, at, state, max(at + 1, e.at))
        return ((broken,), broken.end) if broken else (None, max(at + 1, e.at))
    state = State.BRACE if found.missing else State.WHOLE
    if runs_over(text, found.end):
        state = State.BROKEN
    calls = calls_in(found.value, Written("", {}, state, at, found.end))
    if calls is None and found.missing and (broken := _broken(text, at, State.CUT, found.end)):
        return (broken,), len(text)
    return calls, found.end


def runs_over(text: str, at: int) -> bool:
    """Whether the line goes on behind an object as if one of its strings had not ended: with a quote and words, or
    with a brace too many."""
    line = text[at : at + _LOOK_AHEAD].partition("\n")[0].lstrip("}] \t")
    if _QUOTE_AND_WORDS.match(line):
        return True
    return not line.startswith((",", ";", "{")) and line.count("}") > line.count("{")


def _broken(text: str, at: int, state: State, fault: int) -> Written | None:
    """A call that cannot be read, where enough of it shows that it was to be one. It ends with the last brace
    before a tag or fence closes."""
    start = text[at : at + _LOOK_AHEAD]
    name = _NAMED.search(start)
    if not name or not (_CARRIES.search(start) or state is State.CUT):
        return None
    bound = _BOUND.search(text, fault, fault + _REACH)
    brace = text.rfind("}", fault, bound.start() if bound else fault + _REACH)
    end = len(text) if state is State.CUT else max(fault, brace + 1)
    return Written(name.group(1), {}, state, at, end)


def calls_in(value: JsonValue, place: Written) -> tuple[Written, ...] | None:
    """The calls that an object is, put at `place`; `None` when it is data, a declaration or a record."""
    if not isinstance(value, dict):
        return None
    for key in _NESTS:
        nested = value.get(key)
        inner = nested if isinstance(nested, list) and key in _LISTS else [nested]
        if nested and all(isinstance(item, dict) for item in inner):
            return _all_in(inner, place)
    return _flat(value, place)


def _all_in(items: list[JsonValue], place: Written) -> tuple[Written, ...] | None:
    calls: list[Written] = []
    for item in items:
        found = calls_in(item, place)
        if found is None:
            return None
        calls += found
    return tuple(calls)


def _flat(value: dict[str, JsonValue], place: Written) -> tuple[Written, ...] | None:
    names = {name for key in NAME_KEYS if key in value and isinstance(name := value[key], str)}
    nameless = not names and any(key in value and value[key] is None for key in NAME_KEYS)
    bodies = [key for key in ARGUMENT_KEYS if key in value]
    if not (names or nameless) or not bodies or _RESULTS & set(value):
        return None
    beside = frozenset(value) - set(NAME_KEYS) - set(ARGUMENT_KEYS) - _BESIDE
    call = replace(place, name=min(names, default=""), odd=bool(beside), beside=beside)
    arguments = _arguments(value[bodies[0]])
    if arguments is not None and _declares(arguments):
        return None
    if len(names) > 1 or len(bodies) > 1 or arguments is None:
        return (replace(call, state=State.BROKEN),)
    return (replace(call, arguments=arguments),)


def _arguments(body: JsonValue) -> Arguments | None:
    if isinstance(body, str) and body.strip():
        try:
            body = whole(body)
        except Broken:
            return None
    if body is None or body == "":
        return {}
    return body if isinstance(body, dict) else None


def _declares(arguments: Arguments) -> bool:
    """Whether these are a schema's words about arguments instead of arguments."""
    if isinstance(arguments.get("properties"), dict):
        return True
    return bool(arguments) and all(isinstance(item, dict) and "type" in item for item in arguments.values())
