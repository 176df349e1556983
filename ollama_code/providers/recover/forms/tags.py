"""Calls between tags: `<function=N><parameter=K>`, `<invoke name=>`, `<arg_key>/<arg_value>`, a tool's name as the
tag. None of it is XML: entities, brackets and control characters are content."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ollama_code.core.coercion import ARGUMENT_KEYS
from ollama_code.core.loose import Broken, Cut, blank, read, whole
from ollama_code.core.messages import Arguments
from ollama_code.providers.recover.declared import Declared, DeclaredTool
from ollama_code.providers.recover.forms.objects import STYLE
from ollama_code.providers.recover.tokens import CLOSER, OPENER, PREFIX, garbage_end
from ollama_code.providers.recover.written import Body, State, Written

_NAME = r"[^\s\"'<>=]{1,200}"
_IS = r"(?:\s*=\s*|\s+name\s*=\s*)[\"']?"
_KEY = rf"(?P<tag>param(?:eter)?){_IS}(?P<key>{_NAME})[\"']?[^<>\n]{{0,60}}>"
_REACH = 20_000
"""Characters behind a fault in which the end of an unreadable call is looked for."""
_ENDS = rf"\s*(?:\Z|{CLOSER.pattern})"


@dataclass(frozen=True)
class Dialect:
    """`opener` names the call, `key` an argument; `value`, filled from what `key` found, closes an argument, `closer`
    the call. `trims`: one newline at each side of a value belongs to the tags."""

    opener: re.Pattern[str]
    key: re.Pattern[str]
    value: str
    closer: re.Pattern[str]
    trims: bool = True

    def closes(self, key: re.Match[str]) -> str:
        """What closes the argument that `key` opens."""
        return self.value.format_map(key.groupdict())

    @property
    def after(self) -> re.Pattern[str]:
        """What must follow a closer of a value, or else it is content."""
        return re.compile(rf"\s*(?:{self.key.pattern}|{self.closer.pattern})|{_ENDS}")


FUNCTION = Dialect(
    re.compile(rf"<function{_IS}(?P<name>{_NAME})[\"']?\s*>"),
    re.compile(rf"<{_KEY}"),
    "</{tag}>",
    re.compile(r"</function>"),
)
INVOKE = Dialect(
    re.compile(rf"<invoke{_IS}(?P<name>{_NAME})[\"']?\s*>"),
    re.compile(rf"<{_KEY}"),
    "</{tag}>",
    re.compile(r"</invoke>"),
)
PREFIXED = re.compile(rf"<(?P<prefix>{PREFIX})invoke{_IS}(?P<name>{_NAME})[\"']?\s*>")
PAIR_KEY = re.compile(r"<arg_key>\s*(?P<key>[^<>\n]{1,200}?)\s*(?:</arg_key>\s*)?<arg_value>")
PAIRS = Dialect(
    re.compile(rf"(?P<name>{_NAME})\s*(?=<arg_key>)"),
    PAIR_KEY,
    "</arg_value>",
    re.compile(r"(?!)"),
    trims=False,
)
_CHILD = re.compile(r"<(?P<name>[A-Za-z_][\w.-]{0,100})>\s*(?=<[A-Za-z_])")
_ATTRIBUTE = re.compile(r"""\s+(?P<key>[A-Za-z_][\w-]{0,60})\s*=\s*(?P<value>"[^"]*"|'[^']*')""")
_ATTRIBUTED = re.compile(r"<(?P<name>[A-Za-z_][\w.-]{0,100})(?=\s+[\w-]{1,60}\s*=\s*[\"'])")
_CHILD_AHEAD = re.compile(r"\s*<[A-Za-z_]")
_NAME_CHILD = re.compile(
    rf"<(name|tool_name|tool|function)>\s*(?P<name>{_NAME})\s*</\1>\s*<(?P<key>{'|'.join(ARGUMENT_KEYS)})>"
)


def tagged(text: str, at: int, declared: Declared) -> Body | None:
    """The call whose opening tag, or name before its first `<arg_key>`, stands at `at`."""
    for dialect in (FUNCTION, INVOKE):
        if opener := dialect.opener.match(text, at):
            return _function(text, opener, dialect)
    if opener := PREFIXED.match(text, at):
        return _function(text, opener, prefixed(opener.group("prefix")))
    if opener := PAIRS.opener.match(text, at):
        return _function(text, opener, PAIRS)
    if opener := _NAME_CHILD.match(text, at):
        return _named_child(text, opener, declared)
    opener = _CHILD.match(text, at)
    if opener and (tool := declared.find(opener.group("name"))):
        return _function(text, opener, _children(tool, opener.group("name")))
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


def prefixed(prefix: str) -> Dialect:
    spelled = re.escape(prefix)
    return Dialect(
        PREFIXED,
        re.compile(rf"<{spelled}{_KEY}"),
        f"</{prefix}{{tag}}>",
        re.compile(rf"</{spelled}invoke>"),
        trims=False,
    )


def _children(tool: DeclaredTool, around: str) -> Dialect:
    """Only a known argument is a child tag of `around`: what the content of another looks like is its own affair."""
    keys = (*tool.signature.properties, "path", *ARGUMENT_KEYS)
    spellings = {key.replace("_", "[_-]?") for key in keys}
    key = rf"<(?P<key>(?i:{'|'.join(sorted(spellings, key=len, reverse=True))}))>"
    return Dialect(_CHILD, re.compile(key), "</{key}>", re.compile(rf"</{re.escape(around)}>"))


def _function(text: str, opener: re.Match[str], dialect: Dialect) -> Body:
    name, start, at = opener.group("name"), opener.start(), blank_space(text, opener.end())
    if text.startswith("{", at):
        return _with_object(text, at, dialect, Written(name, {}, State.WHOLE, start, at))
    arguments: Arguments = {}
    after = dialect.after
    while key := dialect.key.match(text, at):
        closer = dialect.closes(key)
        end = _value_end(text, key.end(), closer, (after, dialect))
        if end < 0:
            return _body(Written(name, arguments, State.CUT, start, len(text)))
        value = _trimmed(text[key.end() : end], dialect)
        if arguments.setdefault(key.group("key"), value) != value:
            return _body(Written(name, arguments, State.BROKEN, start, end))
        at = blank_space(text, end + len(closer))
    end, state = _close(text, at, dialect, bool(arguments))
    if state is State.WHOLE and dialect.opener is not _CHILD and _hold_a_call(arguments, dialect):
        state = _closed_within(text, end, dialect)
    if set(arguments) <= set(ARGUMENT_KEYS) and len(arguments) == 1:
        arguments = _opened(arguments)
    return _body(Written(name, arguments, state, start, end))


def _hold_a_call(arguments: Arguments, dialect: Dialect) -> bool:
    begins = PAIR_KEY if dialect is PAIRS else dialect.opener
    return any(isinstance(value, str) and begins.search(value) for value in arguments.values())


def _closed_within(text: str, end: int, dialect: Dialect) -> State:
    """The state of a call around the beginning of another: what closes it may be the end of the one within. Where the
    text goes on or a second end follows, it was; else only a turn that was cut does not run."""
    after = garbage_end(text, end)
    goes_on = after < len(text) and not OPENER.match(text, after)
    return State.CUT if goes_on or dialect.closer.search(text, end, after) else State.UNCLOSED


def _body(call: Written) -> Body:
    return Body((call,), call.end, announced=True)


def blank_space(text: str, at: int) -> int:
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
    if dialect is PAIRS and some and not text.startswith("<arg_", at):
        return at, State.UNCLOSED
    return _behind(text, at, dialect), State.BROKEN


def _behind(text: str, at: int, dialect: Dialect) -> int:
    """Where an unreadable call ends: what stands in it up to its closer is no call of its own."""
    for closer in (dialect.closer, CLOSER):
        if found := closer.search(text, at, at + _REACH):
            return found.end()
    return at


def _value_end(text: str, start: int, closer: str, ends: tuple[re.Pattern[str], Dialect]) -> int:
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


def _trimmed(value: str, dialect: Dialect) -> str:
    return value.removeprefix("\n").removesuffix("\n") if dialect.trims else value


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
    if not isinstance(found.value, dict):
        state = State.BROKEN
    return _body(
        Written(call.name, found.value if isinstance(found.value, dict) else {}, state, call.start, end)
    )


def _named_child(text: str, opener: re.Match[str], declared: Declared) -> Body:
    """`<name>N</name><arguments>{...}</arguments>`, or the arguments as tags of their own."""
    key = opener.group("key")
    if _CHILD_AHEAD.match(text, opener.end()) and (tool := declared.find(opener.group("name"))):
        return _function(text, opener, _children(tool, key))
    dialect = Dialect(_CHILD, re.compile(rf"<(?P<key>{key})>"), f"</{key}>", re.compile(rf"</{key}>"))
    at = blank_space(text, opener.end())
    if text.startswith("{", at):
        return _with_object(
            text, at, dialect, Written(opener.group("name"), {}, State.WHOLE, opener.start(), at)
        )
    return _body(Written(opener.group("name"), {}, State.BROKEN, opener.start(), at))


def _opened(arguments: Arguments) -> Arguments:
    """The object out of `<N><arguments>{...}</arguments></N>`."""
    ((_, body),) = arguments.items()
    try:
        value = whole(str(body))
    except Broken:
        return arguments
    return value if isinstance(value, dict) else arguments
