"""Calls between tags: `<function=N><parameter=K>`, `<invoke name=>`, `<arg_key>/<arg_value>`, a tool's name as the
tag. None of it is XML: entities, brackets and control characters are content."""

from __future__ import annotations

import re
from dataclasses import replace

from ollama_code.core.coercion import ARGUMENT_KEYS
from ollama_code.core.loose import Broken, Cut, blank, read
from ollama_code.core.messages import Arguments
from ollama_code.providers.recover.declared import Declared
from ollama_code.providers.recover.forms.dialects import (
    CHILD,
    FUNCTION,
    INVOKE,
    PAIRS,
    PREFIXED,
    TAG_NAME,
    Dialect,
    children,
    prefixed,
)
from ollama_code.providers.recover.forms.named import message
from ollama_code.providers.recover.forms.objects import STYLE, runs_over
from ollama_code.providers.recover.forms.values import closed_around, lacks_a_closer, trimmed, value_end
from ollama_code.providers.recover.tokens import CALL_TAG, CLOSER
from ollama_code.providers.recover.written import Body, State, Written

_REACH = 20_000
"""Characters behind a fault in which the end of an unreadable call is looked for."""
_ATTRIBUTE = re.compile(r"""\s+(?P<key>[A-Za-z_][\w-]{0,60})\s*=\s*(?P<value>"[^"]*"|'[^']*')""")
_ATTRIBUTED = re.compile(r"<(?P<name>[A-Za-z_][\w.-]{0,100})(?=\s+[\w-]{1,60}\s*=\s*[\"'])")
_ANNOUNCED = re.compile(
    rf"<(?P<tag>{CALL_TAG})\s+name\s*=\s*(?P<quote>[\"'])(?P<name>{TAG_NAME})(?P=quote)\s+"
    rf"(?:{'|'.join(ARGUMENT_KEYS)})\s*=\s*(?P<around>[\"']?)(?=\{{)"
)
_ENTITY = re.compile(r"&#?\w{1,20};")
_CHILD_AHEAD = re.compile(r"\s*<[A-Za-z_]")
_NAME_CHILD = re.compile(
    rf"<(name|tool_name|tool|function)>\s*(?P<name>{TAG_NAME})\s*</\1>\s*<(?P<key>{'|'.join(ARGUMENT_KEYS)})>"
)


def tagged(text: str, at: int, declared: Declared) -> Body | None:
    """The call whose opening tag, or name before its first `<arg_key>`, stands at `at`."""
    if call := announced(text, at):
        return call
    for dialect in (FUNCTION, INVOKE):
        if opener := dialect.opener.match(text, at):
            return _function(text, opener, dialect, declared)
    if opener := PREFIXED.match(text, at):
        return _function(text, opener, prefixed(opener.group("prefix")), declared)
    if opener := PAIRS.opener.match(text, at):
        return _function(text, opener, PAIRS, declared)
    if opener := _NAME_CHILD.match(text, at):
        return _named_child(text, opener, declared)
    opener = CHILD.match(text, at)
    if opener and (tool := declared.find(opener.group("name"))):
        return _function(text, opener, children(tool, opener.group("name")), declared)
    return None


def attributed(text: str, at: int, declared: Declared) -> Body | None:
    """`<N key="value"/>`, which is a call only between tags or as the whole text."""
    opener = _ATTRIBUTED.match(text, at)
    if not opener or not declared.find(name := opener.group("name")):
        return None
    arguments: Arguments = {}
    at, state = opener.end(), State.WHOLE
    while found := _ATTRIBUTE.match(text, at):
        value = found.group("value")[1:-1]
        if "&" in value or arguments.setdefault(found.group("key"), value) != value:
            state = State.BROKEN  # what an entity stands for, nobody can tell
        at = found.end()
    closed = re.compile(rf"\s*(?:/>|>\s*</{re.escape(name)}>)").match(text, at)
    if not closed:
        state = State.CUT
    return _body(Written(name, arguments, state, opener.start(), closed.end() if closed else len(text)))


def announced(text: str, at: int) -> Body | None:
    """`<tool_call name="N" arguments='{...}'/>`: the object is read as it stands, so one with entities is broken."""
    opener = _ANNOUNCED.match(text, at)
    if not opener:
        return None
    [call] = message(text, at, opener.group("name"), opener.end()).calls
    ending = rf"{opener.group('around')}\s*(?:/>|>\s*</{opener.group('tag')}>)"
    closed = re.compile(ending).match(text, call.end)
    if call.state is State.WHOLE and (not closed or _ENTITY.search(text, opener.end(), call.end)):
        call = replace(call, state=State.CUT if call.end >= len(text.rstrip()) else State.BROKEN)
    return _body(replace(call, end=closed.end()) if closed else call)


def _function(text: str, opener: re.Match[str], dialect: Dialect, declared: Declared) -> Body | None:
    name, start, at = opener.group("name"), opener.start(), _after_space(text, opener.end())
    if text.startswith("{", at):
        return _with_object(text, at, dialect, Written(name, {}, State.WHOLE, start, at))
    arguments: Arguments = {}
    after = dialect.after
    while key := dialect.key.match(text, at):
        closer = dialect.closes(key)
        end = value_end(text, key.end(), closer, (after, dialect))
        if end < 0:
            return _body(Written(name, arguments, State.CUT, start, len(text)))
        value = trimmed(text[key.end() : end], dialect)
        if arguments.setdefault(key.group("key"), value) != value:
            return _body(Written(name, arguments, State.BROKEN, start, end))
        at = _after_space(text, end + len(closer))
    end, state = _close(text, at, dialect, bool(arguments))
    if not arguments and state is State.BROKEN and end == at:
        return None  # a tag in a sentence
    if lacks_a_closer(arguments, dialect, declared.find(name)):
        state = State.BROKEN
    if state is State.WHOLE:
        state = closed_around(text, end, arguments, dialect)
    return _body(Written(name, arguments, state, start, end))


def _body(call: Written) -> Body:
    return Body((call,), call.end, announced=True)


def _after_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _close(text: str, at: int, dialect: Dialect, some: bool) -> tuple[int, State]:
    """Where the call ends, and whether its closer is there. `<arg_value>` pairs are closed by the tag around."""
    if closed := dialect.closer.match(text, at):
        return closed.end(), State.WHOLE
    if CLOSER.match(text, at):
        return at, State.WHOLE
    if at >= len(text):
        return at, State.UNCLOSED if some else State.CUT
    return _behind(text, at, dialect), State.BROKEN


def _behind(text: str, at: int, dialect: Dialect) -> int:
    """Where an unreadable call ends: what stands in it up to its closer is no call of its own."""
    for closer in (dialect.closer, CLOSER):
        if found := closer.search(text, at, at + _REACH):
            return found.end()
    return at


def _with_object(text: str, at: int, dialect: Dialect, call: Written) -> Body:
    """`<function=N>{...}</function>`: the arguments as one object."""
    try:
        found = read(text, at, STYLE)
    except Broken as e:
        cut = isinstance(e, Cut)
        end = len(text) if cut else max(e.at, at + 1)
        return _body(Written(call.name, {}, State.CUT if cut else State.BROKEN, call.start, end))
    end, state = _close(text, blank(text, found.end), dialect, some=True)
    if state is State.BROKEN:
        end, state = found.end, State.UNCLOSED
    if found.missing:
        state = State.BRACE
    if not isinstance(found.value, dict) or runs_over(text, found.end):
        state = State.BROKEN
    return _body(
        Written(call.name, found.value if isinstance(found.value, dict) else {}, state, call.start, end)
    )


def _named_child(text: str, opener: re.Match[str], declared: Declared) -> Body | None:
    """`<name>N</name><arguments>{...}</arguments>`, or the arguments as tags of their own."""
    key = opener.group("key")
    if _CHILD_AHEAD.match(text, opener.end()) and (tool := declared.find(opener.group("name"))):
        return _function(text, opener, children(tool, key), declared)
    dialect = Dialect(CHILD, re.compile(rf"<(?P<key>{key})>"), f"</{key}>", re.compile(rf"</{key}>"))
    at = _after_space(text, opener.end())
    if text.startswith("{", at):
        return _with_object(
            text, at, dialect, Written(opener.group("name"), {}, State.WHOLE, opener.start(), at)
        )
    return _body(Written(opener.group("name"), {}, State.BROKEN, opener.start(), at))
