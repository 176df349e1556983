"""JSON while it is written: each value grows under its path. Reads what `core/loose.py` reads of one value, as far as
that can be known before the end; it decides nothing, so that a wrong guess costs only a glance."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass

from ollama_code.core.growing import Growing, Lost, Reading, ahead, skip_blank

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
    text. `strict` reads JSON alone: without it a quote that no structure follows is content. `python` strings end
    at their first quote and know more escapes."""

    opens: Callable[[Path], bool]
    strict: bool = False
    python: bool = False


DEPTH_LIMIT = 8
"""Objects in objects that are opened."""
RAW_QUOTES = ('<|"|>', "<escape>")
"""Quote tokens: between two of them every character stands for itself."""
_QUOTES = "\"'`"
_CHUNK = {quote: re.compile(rf"[^\\{quote}]+") for quote in _QUOTES}
_PLAIN = re.compile(r"[^\s,}\])<]+")
_WORD = re.compile(r"[A-Za-z_$][\w$.-]*")
_INSIDE = re.compile(r'[^"{}\[\]]+')
_STRUCTURE = ",:}])<"
_LOOK = 64
"""Characters of white space behind a quote after which it counts as the end of its string."""
_SIMPLE = {
    "n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "/": "/", "\\": "\\", '"': '"', "'": "'",
}  # fmt: skip
_CODE = {"u": 4, "x": 2, "U": 8}
_HEX = re.compile(r"[0-9a-fA-F]+")


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
    elif (closer := (yield from _raw_quote(source))) is not None:
        yield from _between(source, path, closer)
    elif first in _QUOTES:
        yield from _string(source, path, rules)
    else:
        yield from _word(source, path)
    yield Closed(path)


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
    if first in _QUOTES:
        key = yield from _short(source, first)
    elif (closer := (yield from _raw_quote(source))) is not None:
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


def _raw_quote(source: Growing) -> Generator[None, None, str | None]:
    """The quote token that stands here."""
    if source.text[source.at] != "<":
        return None
    for token in RAW_QUOTES:
        if (yield from ahead(source, len(token))) == token:
            return token
    return None


def _between(source: Growing, path: Path, closer: str) -> Step:
    source.at += len(closer)
    while (end := source.text.find(closer, source.at)) < 0:
        if source.ended:
            raise Lost("a string is not closed")
        if text := source.take(len(source.text) - held_back(source.rest, closer)):
            yield Grown(path, text)
        yield None
    if text := source.take(end):
        yield Grown(path, text)
    source.at += len(closer)


def held_back(text: str, closer: str) -> int:
    """How many characters at the end of `text` may be the beginning of `closer`."""
    return next((n for n in range(min(len(closer) - 1, len(text)), 0, -1) if text.endswith(closer[:n])), 0)


def _string(source: Growing, path: Path, rules: Rules) -> Step:
    quote = source.text[source.at]
    if rules.python and (yield from ahead(source, 3)) == quote * 3:
        yield from _triple(source, path, quote * 3)
        return
    source.at += 1
    while True:
        while source.is_spent:
            if source.ended:
                raise Lost("a string is not closed")
            yield None
        if chunk := _CHUNK[quote].match(source.text, source.at):
            source.at = chunk.end()
            yield Grown(path, chunk.group())
        elif source.text[source.at] == "\\":
            yield Grown(path, (yield from _escape(source, rules)))
        elif (yield from _closes(source, rules)):
            source.at += 1
            return
        else:
            source.at += 1
            yield Grown(path, quote)


def _triple(source: Growing, path: Path, closer: str) -> Step:
    source.at += 3
    while True:
        while source.is_spent:
            if source.ended:
                raise Lost("a string is not closed")
            yield None
        if chunk := _CHUNK[closer[0]].match(source.text, source.at):
            source.at = chunk.end()
            yield Grown(path, chunk.group())
        elif source.text[source.at] == "\\":
            yield Grown(path, (yield from _escape(source, Rules(_never, python=True))))
        elif (yield from ahead(source, 3)) == closer:
            source.at += 3
            return
        else:
            source.at += 1
            yield Grown(path, closer[0])


def _never(path: Path) -> bool:
    return False


def _closes(source: Growing, rules: Rules) -> Generator[None, None, bool]:
    """Whether the quote here ends its string."""
    if rules.strict or rules.python:
        return True
    at = 1
    while True:
        text = yield from ahead(source, at + 1)
        if len(text) <= at or at > _LOOK:
            return True
        if not text[at].isspace():
            return text[at] in _STRUCTURE
        at += 1


def _escape(source: Growing, rules: Rules) -> Generator[None, None, str]:
    text = yield from ahead(source, 2)
    letter = text[1:]
    if letter in _CODE and (rules.python or letter == "u"):
        return (yield from _code_point(source, letter))
    source.at += len(text)
    if rules.python and letter == "\n":
        return ""
    return _SIMPLE.get(letter, text)


def _code_point(source: Growing, letter: str) -> Generator[None, None, str]:
    length = 2 + _CODE[letter]
    text = yield from ahead(source, length)
    if not _HEX.fullmatch(text[2:]) or len(text) < length:
        source.at += 2
        return text[:2]
    source.at += length
    code = int(text[2:], 16)
    if 0xD800 <= code < 0xDC00:
        low = yield from ahead(source, 6)
        if low.startswith("\\u") and _HEX.fullmatch(low[2:]) and 0xDC00 <= int(low[2:], 16) < 0xE000:
            source.at += 6
            return chr(0x10000 + ((code - 0xD800) << 10) + int(low[2:], 16) - 0xDC00)
    return chr(code) if code <= 0x10FFFF and not 0xD800 <= code < 0xE000 else "\ufffd"


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
        if chunk := _CHUNK['"'].match(source.text, source.at):
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
