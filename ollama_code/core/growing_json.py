"""JSON while it is written: each value grows under its path. Reads what `core/loose.py` reads of one value, as far as
that can be known before the end; it decides nothing, so that a wrong guess costs only a glance."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass

from ollama_code.core.growing import Growing, Lost, Reading, ahead, skip_blank
from ollama_code.core.growing_string import CHUNK, LOOSE, QUOTES, Letters, Quoting, between, quoted, raw_quote

Path = tuple[str, ...]


@dataclass(frozen=True)
class Grown:
    """The value at `path` goes on with `text`: decoded in a string, as written in anything else."""

    path: Path
    text: str


@dataclass(frozen=True)
class Closed:
    """The value at `path` is complete."""

    path: Path


Found = Grown | Closed
Step = Generator[Found | None, None, None]


@dataclass(frozen=True)
class Rules:
    """`opens` says whether the members of the object or list at a path grow one by one; any other grows as one
    text."""

    opens: Callable[[Path], bool]
    quoting: Quoting = LOOSE


DEPTH_LIMIT = 8
"""Objects in objects that are opened."""
_PLAIN = re.compile(r"[^\s,}\])<]+")
_WORD = re.compile(r"[A-Za-z_$][\w$.-]*")
_INSIDE = re.compile(r'[^"{}\[\]]+')


def grow(source: Growing, rules: Rules) -> Reading[Found]:
    """The value that starts here. Raises: Lost, also where it ends too early."""
    yield from value(source, (), rules)


def value(source: Growing, path: Path, rules: Rules) -> Step:
    """The value that starts here, as the one at `path`. Raises: Lost."""
    yield from skip_blank(source)
    first = yield from ahead(source, 1)
    if not first:
        raise Lost("a value is missing")
    if first in "{[" and rules.opens(path) and len(path) < DEPTH_LIMIT:
        yield from _members(source, path, rules)
    elif first in "{[":
        yield from _as_written(source, path)
    elif (closer := (yield from raw_quote(source))) is not None:
        yield from _grown(path, between(source, closer))
    elif first in QUOTES:
        yield from _grown(path, quoted(source, rules.quoting))
    else:
        yield from _word(source, path)
    yield Closed(path)


def _grown(path: Path, letters: Letters) -> Step:
    for text in letters:
        yield None if text is None else Grown(path, text)


def _members(source: Growing, path: Path, rules: Rules) -> Step:
    is_object = source.text[source.at] == "{"
    source.at += 1
    while True:
        yield from skip_blank(source)
        first = yield from ahead(source, 1)
        if first in ("}", "]"):
            source.at += 1
            return
        if first == ",":
            source.at += 1
            continue
        if not first:
            raise Lost("the end is missing")
        inner = path
        if is_object:
            key = yield from _key(source)
            inner = (*path, key)
        yield from value(source, inner, rules)


def _key(source: Growing) -> Generator[Found | None, None, str]:
    first = source.text[source.at]
    if first in QUOTES:
        key = yield from _short(source, first)
    elif (closer := (yield from raw_quote(source))) is not None:
        key = yield from _short(source, closer)
    else:
        while not (word := _WORD.match(source.text, source.at)) or word.end() == len(source.text):
            if source.ended or (not word and not source.is_spent):
                raise Lost("a key is missing")
            yield None
        key = source.take(word.end())
    yield from skip_blank(source)
    if (yield from ahead(source, 1)) != ":":
        raise Lost("a colon is missing")
    source.at += 1
    return key


def _short(source: Growing, closer: str) -> Generator[None, None, str]:
    """A quoted word, without escapes."""
    start = source.at + len(closer) if source.text.startswith(closer, source.at) else source.at
    if start > source.at:
        source.at = start
    while (end := source.text.find(closer, source.at)) < 0:
        if source.ended or len(source.text) - source.at > 200:
            raise Lost("a key is not closed")
        yield None
    word = source.take(end)
    source.at = end + len(closer)
    return word


def _as_written(source: Growing, path: Path) -> Step:
    """An object or a list, as one text."""
    depth = 0
    while True:
        while source.is_spent:
            if source.ended:
                raise Lost("the end is missing")
            yield None
        first = source.text[source.at]
        if first == '"':
            yield from _written_string(source, path)
            continue
        inside = _INSIDE.match(source.text, source.at)
        text = source.take(inside.end() if inside else source.at + 1)
        depth += (first in "{[") - (first in "}]")
        yield Grown(path, text)
        if not depth:
            return


def _written_string(source: Growing, path: Path) -> Step:
    yield Grown(path, source.take(source.at + 1))
    while True:
        while source.is_spent:
            if source.ended:
                raise Lost("a string is not closed")
            yield None
        if chunk := CHUNK['"'].match(source.text, source.at):
            yield Grown(path, source.take(chunk.end()))
            continue
        text = yield from ahead(source, 1 if source.text[source.at] == '"' else 2)
        source.at += len(text)
        yield Grown(path, text)
        if text == '"':
            return


def _word(source: Growing, path: Path) -> Step:
    """A number, `true`, `null`."""
    while not (found := _PLAIN.match(source.text, source.at)) or found.end() == len(source.text):
        if source.ended or not found or found.end() - source.at > 100:
            raise Lost("not a value")
        yield None
    yield Grown(path, source.take(found.end()))
