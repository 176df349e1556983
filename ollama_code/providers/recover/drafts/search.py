"""Where a call begins in a text that is still being written, and in which dialect. Code spans, quoted lines and
fences are passed over, as in the ladder; a bare object is a call only at the very beginning."""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass

from ollama_code.core.growing import Growing, Lost, Reading, ahead, skip_blank
from ollama_code.providers.recover.drafts.heard import Ended, Heard, Named
from ollama_code.providers.recover.drafts.objects import arguments, whole_calls
from ollama_code.providers.recover.drafts.python import python_arguments
from ollama_code.providers.recover.drafts.tags import opened, tag_ahead, tagged
from ollama_code.providers.recover.find import CALL_FENCES
from ollama_code.providers.recover.forms.named import HARMONY, NAME, SEPARATOR
from ollama_code.providers.recover.forms.tags import PAIRS, Dialect
from ollama_code.providers.recover.tokens import CLOSER, INVENTED, OPENER

_PROSE = re.compile(r"[^<\[{`\n]+")
_SHOWN_LINE = re.compile(r"[ \t]*(?:>|\||[+-] )")
_FENCE = re.compile(r"[ \t]*(`{3,})[ \t]*(\w*)[^\n`]*\n")
_HEADER = re.compile(NAME)
_NAME_LIMIT = 130
_LINE_REACH = 400
_SENTENCE_END = ".!?:…。！？：>]"
_QUOTING = "'\"`=("
_THOUGHT_END = ("</think>", "</thinking>")
_DATA_FENCES = ("", "json")


@dataclass(frozen=True)
class Began:
    """The text of a call, its opener included, begins at `position`."""

    position: int


Told = Heard | Began
Telling = Reading[Told]


def search(source: Growing) -> Telling:
    """Every call of an answer, as far as it goes."""
    place = _Place()
    while not place.is_invented:
        while source.is_spent:
            if source.ended:
                return
            yield None
        if prose := _PROSE.match(source.text, source.at):
            source.at = prose.end()
            place.note(prose.group())
            continue
        try:
            yield from _at_sign(source, place)
        except Lost:
            place.note("?")


class _Place:
    """What stands before the reader: its line, and whether anything was said at all."""

    def __init__(self) -> None:
        self.line = ""
        self.is_fresh = True
        self.is_invented = False
        """The model writes the result of its own call: what follows rests on that."""

    def note(self, text: str) -> None:
        self.line = (self.line + text).rpartition("\n")[2][-_LINE_REACH:]
        self.is_fresh = self.is_fresh and not text.strip()

    def begin(self) -> None:
        """As at the beginning of the answer."""
        self.line, self.is_fresh = "", True

    @property
    def is_open(self) -> bool:
        """Whether a sentence has ended here, so that something else may begin."""
        line = self.line.rstrip()
        return not line or line[-1] in _SENTENCE_END

    @property
    def is_shown(self) -> bool:
        """Whether what stands here is quoted, or code within a line."""
        line = self.line
        quoted = line[-1:] in _QUOTING if line else False
        return quoted or line.count("`") % 2 == 1 or _SHOWN_LINE.match(line) is not None


def _at_sign(source: Growing, place: _Place) -> Telling:
    """At a character with which a call may begin. Takes at least one."""
    sign = source.text[source.at]
    if sign == "`" and not place.line.strip():
        yield from _fence(source, place)
        return
    if sign in "<[" and not place.is_shown:
        start = source.position
        tag = yield from tag_ahead(source)
        if tag in _THOUGHT_END:
            source.at += len(tag)
            place.begin()
            return
        if tag and (yield from _tag(source, tag, place, start)):
            return
    if sign in "{[" and place.is_fresh:
        yield Began(source.position)
        yield from _bodies(source, place)
        return
    place.note(source.take(source.at + 1))


def _tag(source: Growing, tag: str, place: _Place, start: int) -> Generator[Told | None, None, bool]:
    """Whether `tag`, which stands here, begins a call; then the call has been read."""
    if found := opened(tag):
        if not place.is_open:
            return False
        yield Began(start)
        yield from _between_tags(source, tag, *found)
    elif INVENTED.fullmatch(tag):
        place.is_invented = True
        return False
    elif OPENER.fullmatch(tag):
        yield Began(start)
        source.at += len(tag)
        yield from _bodies(source, place)
    elif SEPARATOR.fullmatch(tag) and (name := re.search(rf"{NAME}\s*\Z", place.line)):
        yield Began(start - len(name.group()))
        source.at += len(tag)
        yield from _with_object(source, name.group().strip())
    elif tag == "<|message|>" and (header := HARMONY.search(f"{place.line}{tag}")):
        yield Began(start - (len(place.line) - header.start()))
        source.at += len(tag)
        yield from _with_object(source, header.group("first"))
    else:
        return False
    place.note(".")
    return True


def _fence(source: Growing, place: _Place) -> Telling:
    """A fence is passed over as a whole, unless it is one for calls or the first thing that is said."""
    start = source.position
    while (end := source.text.find("\n", source.at)) < 0 and not source.ended:
        if len(source.text) - source.at > _LINE_REACH:
            raise Lost("no fence")
        yield None
    fence = _FENCE.match(source.text, source.at)
    if fence is None:
        place.note(source.take(source.at + 1))
        return
    source.at = end + 1
    label = fence.group(2).lower()
    if label in CALL_FENCES or (label in _DATA_FENCES and place.is_fresh):
        yield Began(start)
        yield from _bodies(source, place)
        return
    place.note("`\n")
    while (close := source.text.find(f"\n{fence.group(1)}", source.at)) < 0:
        if source.ended:
            return
        source.at = max(source.at, len(source.text) - len(fence.group(1)) - 1)
        yield None
    source.at = close + 1 + len(fence.group(1))


def _bodies(source: Growing, place: _Place) -> Telling:
    """What stands between tags, or alone: one call or several."""
    place.note(".")
    yield from _body(source)
    while (first := (yield from _more(source))) == "{" or first.isalpha():
        yield Began(source.position)
        yield from whole_calls(source) if first == "{" else _named(source)


def _more(source: Growing) -> Generator[Told | None, None, str]:
    """The next character behind a call, its closers and blanks passed over."""
    while True:
        yield from skip_blank(source)
        first = yield from ahead(source, 1)
        if first in (",", ";"):
            source.at += 1
            continue
        tag = (yield from tag_ahead(source)) if first in ("<", "[") else ""
        if not CLOSER.fullmatch(tag):
            return first
        source.at += len(tag)
        yield Ended(source.position)


def _body(source: Growing) -> Telling:
    """One call, or a list, behind whatever openers stand before it."""
    tag = yield from _behind_openers(source)
    first = source.text[source.at : source.at + 1]
    if first == "{":
        yield from whole_calls(source)
    elif first == "[":
        yield from _list(source)
    elif found := opened(tag):
        yield from _between_tags(source, tag, *found)
    else:
        yield from _named(source)


def _behind_openers(source: Growing) -> Generator[None, None, str]:
    """The tag that stands behind all openers, if it is one; the reader goes there."""
    while True:
        yield from skip_blank(source)
        first = yield from ahead(source, 1)
        tag = (yield from tag_ahead(source)) if first in ("<", "[") else ""
        if not OPENER.fullmatch(tag):
            return tag
        source.at += len(tag)


def _list(source: Growing) -> Telling:
    """A list of objects, or of Python calls."""
    at = 1
    while (text := (yield from ahead(source, at + 1)))[at:].isspace():
        at += 1
    if text[at:] == "{":
        yield from whole_calls(source)
        return
    source.at += at
    yield from _named(source)


def _between_tags(source: Growing, tag: str, name: str, dialect: Dialect) -> Telling:
    source.at += len(tag)
    yield Named(name)
    yield from tagged(source, dialect)
    yield Ended(source.position)


def _named(source: Growing) -> Telling:
    """A name, and what separates it from its arguments."""
    name, first = yield from _name(source)
    if (name, first) == ("print", "("):
        source.at += 1
        name, first = yield from _name(source)
    if first == "(":
        source.at += 1
        yield Named(name.removesuffix(".call"))
        yield from python_arguments(source)
        yield Ended(source.position)
    elif first == "{":
        yield from _with_object(source, name)
    elif first in ("<", "["):
        yield from _separated(source, name)
    else:
        raise Lost("no call")


def _name(source: Growing) -> Generator[None, None, tuple[str, str]]:
    """A name, and the character behind it."""
    while not (found := _HEADER.match(source.text, source.at)) or found.end() == len(source.text):
        if source.ended or not (found or source.is_spent) or len(source.text) - source.at > _NAME_LIMIT:
            raise Lost("a name is missing")
        yield None
    name = source.take(found.end()).removeprefix("call:")
    yield from skip_blank(source)
    return name, (yield from ahead(source, 1))


def _separated(source: Growing, name: str) -> Telling:
    tag = yield from tag_ahead(source)
    if tag == "<arg_key>":
        yield Named(name)
        yield from tagged(source, PAIRS)
        yield Ended(source.position)
        return
    if tag == "[CALL_ID]":
        raise Lost("an id that nobody reads")
    if not SEPARATOR.fullmatch(tag):
        raise Lost("no call")
    source.at += len(tag)
    if name == "function":
        yield from _named_above(source)
    else:
        yield from _with_object(source, name)


def _named_above(source: Growing) -> Telling:
    """DeepSeek's form: the name on a line of its own, a fence below it."""
    while (end := source.text.find("\n", source.at)) < 0:
        if source.ended or len(source.text) - source.at > _NAME_LIMIT:
            raise Lost("a name is missing")
        yield None
    yield from _with_object(source, source.take(end).strip())


def _with_object(source: Growing, name: str) -> Telling:
    yield from skip_blank(source)
    if (yield from ahead(source, 3)) == "```":
        while (end := source.text.find("\n", source.at)) < 0:
            if source.ended:
                raise Lost("the arguments are missing")
            yield None
        source.at = end + 1
    yield from skip_blank(source)
    if (yield from ahead(source, 1)) != "{":
        raise Lost("the arguments are missing")
    yield Named(name)
    yield from arguments(source)
    yield Ended(source.position)
