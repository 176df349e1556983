"""What stands behind the opener of a call, or alone: one call or several, in whatever dialect."""

from __future__ import annotations

import re
from collections.abc import Generator

from ollama_code.core.growing import Growing, Lost, ahead, skip_blank
from ollama_code.providers.recover.drafts.heard import Began, Ended, Named, Telling, Told
from ollama_code.providers.recover.drafts.objects import arguments, whole_calls
from ollama_code.providers.recover.drafts.python import python_arguments
from ollama_code.providers.recover.drafts.tags import opened, tag_ahead, tagged
from ollama_code.providers.recover.forms.dialects import PAIRS, Dialect
from ollama_code.providers.recover.forms.named import NAME, SEPARATOR
from ollama_code.providers.recover.tokens import CLOSER, OPENER

_HEADER = re.compile(NAME)
_NAME_LIMIT = 130


def bodies(source: Growing) -> Telling:
    """What stands between tags, or alone: one call or several."""
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
        yield from between_tags(source, tag, *found)
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


def between_tags(source: Growing, tag: str, name: str, dialect: Dialect) -> Telling:
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
    elif first in ("{", "`"):
        yield from with_object(source, name)
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
        yield from with_object(source, name)


def _named_above(source: Growing) -> Telling:
    """DeepSeek's form: the name on a line of its own, a fence below it."""
    while (end := source.text.find("\n", source.at)) < 0:
        if source.ended or len(source.text) - source.at > _NAME_LIMIT:
            raise Lost("a name is missing")
        yield None
    yield from with_object(source, source.take(end).strip())


def with_object(source: Growing, name: str) -> Telling:
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
