"""A call being written between tags: `<function=N><parameter=K>`, `<invoke name=>`, `<arg_key>` pairs."""

from __future__ import annotations

import re
from collections.abc import Generator

from ollama_code.core.growing import Growing, Lost, ahead, skip_blank
from ollama_code.core.growing_string import held_back
from ollama_code.providers.recover.drafts.heard import Hearing, Valued
from ollama_code.providers.recover.drafts.objects import arguments
from ollama_code.providers.recover.forms.dialects import FUNCTION, INVOKE, PAIRS, PREFIXED, Dialect, prefixed
from ollama_code.providers.recover.tokens import CLOSER

TAG_LIMIT = 240
"""Characters in which a tag must end."""
_PAIR = "<arg_key>"
_AFTER_PAIR = re.compile(rf"\s*(?:{_PAIR}|\Z|{CLOSER.pattern})")
_PAIR_VALUE = "<arg_value>"


def opened(tag: str) -> tuple[str, Dialect] | None:
    """The tool and the dialect of an opening tag."""
    for dialect in (FUNCTION, INVOKE):
        if found := dialect.opener.fullmatch(tag):
            return found.group("name"), dialect
    found = PREFIXED.fullmatch(tag)
    return (found.group("name"), prefixed(found.group("prefix"))) if found else None


def tag_ahead(source: Growing) -> Generator[None, None, str]:
    """The tag or token in brackets that starts here, not taken yet; empty when it is none."""
    closing = {"<": ">", "[": "]"}[source.text[source.at]]
    while (end := source.text.find(closing, source.at)) < 0:
        if source.ended or len(source.text) - source.at > TAG_LIMIT or "\n" in source.rest:
            return ""
        yield None
    return source.text[source.at : end + 1] if end - source.at < TAG_LIMIT else ""


def tagged(source: Growing, dialect: Dialect) -> Hearing:
    """The arguments behind an opening tag, up to the closing one. Raises: Lost."""
    while True:
        yield from skip_blank(source)
        first = yield from ahead(source, 1)
        if first == "{":
            yield from arguments(source)
            continue
        if first != "<":
            raise Lost("a tag is missing")
        tag = yield from _pair_ahead(source) if dialect is PAIRS else tag_ahead(source)
        if key := dialect.key.fullmatch(tag):
            source.at += len(tag)
            yield from _value(source, key, dialect)
        elif dialect.closer.fullmatch(tag):
            source.at += len(tag)
            return
        elif dialect is PAIRS:
            return  # the tag around the pairs closes them
        else:
            raise Lost("another tag is needed here")


def _pair_ahead(source: Growing) -> Generator[None, None, str]:
    """A key with the opener of its value; another tag as it is."""
    if (yield from ahead(source, len(_PAIR))) != _PAIR:
        return (yield from tag_ahead(source))
    while (end := source.text.find(_PAIR_VALUE, source.at)) < 0:
        if source.ended or len(source.text) - source.at > TAG_LIMIT:
            raise Lost("a key without a value")
        yield None
    return source.text[source.at : end + len(_PAIR_VALUE)]


def _value(source: Growing, opened_by: re.Match[str], dialect: Dialect) -> Hearing:
    key, closer = opened_by.group("key"), dialect.closes(opened_by)
    if dialect.trims and (yield from ahead(source, 1)) == "\n":
        source.at += 1
    while True:
        end = source.text.find(closer, source.at)
        if end < 0:
            kept = max(
                held_back(source.rest, closer), dialect.trims and held_back(source.rest, f"\n{closer}")
            )
            if text := source.take(len(source.text) - kept):
                yield Valued(key, text)
            if source.ended:
                raise Lost("a value is not closed")
            yield None
            continue
        kept = end - source.at
        if (yield from _ends(source, kept + len(closer), dialect)):
            text = source.take(source.at + kept)
            source.at += len(closer)
            yield Valued(key, text.removesuffix("\n") if dialect.trims else text)
            return
        yield Valued(key, source.take(source.at + kept + len(closer)))


def _ends(source: Growing, skip: int, dialect: Dialect) -> Generator[None, None, bool]:
    """Whether structure follows `skip` characters from here, so that a closer there is one."""
    while not source.ended:
        behind = source.text[source.at + skip : source.at + skip + TAG_LIMIT].lstrip()
        if behind and (
            behind[0] not in "<[" or ">" in behind or "]" in behind or len(behind) > TAG_LIMIT // 2
        ):
            break
        if len(source.text) - source.at - skip >= TAG_LIMIT:
            break
        yield None
    after = _AFTER_PAIR if dialect is PAIRS else dialect.after
    return after.match(source.text, source.at + skip) is not None
