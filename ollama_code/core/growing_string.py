"""Strings while they are written, decoded piece by piece, in every way of quoting that models use."""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass

from ollama_code.core.growing import Growing, Lost, ahead

Letters = Generator[str | None, None, None]


@dataclass(frozen=True)
class Quoting:
    """`strict` reads JSON alone: without it a quote that no structure follows is content. `python` strings end at
    their first quote and know more escapes."""

    strict: bool = False
    python: bool = False


LOOSE = Quoting()
QUOTES = "\"'`"
RAW_QUOTES = ('<|"|>', "<escape>")
"""Quote tokens: between two of them every character stands for itself."""
CHUNK = {quote: re.compile(rf"[^\\{quote}]+") for quote in QUOTES}
"""What has no meaning of its own in a string of such quotes."""
_STRUCTURE = ",:}])<"
_LOOK = 64
"""Characters of white space behind a quote after which it counts as the end of its string."""
_SIMPLE = {
    "n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "/": "/", "\\": "\\", '"': '"', "'": "'",
}  # fmt: skip
_CODE = {"u": 4, "x": 2, "U": 8}
_HEX = re.compile(r"[0-9a-fA-F]+")


def quoted(source: Growing, quoting: Quoting) -> Letters:
    """A string from its opening quote to its closing one. Raises: Lost."""
    quote = source.text[source.at]
    if quoting.python and (yield from ahead(source, 3)) == quote * 3:
        yield from _triple(source, quote * 3)
        return
    source.at += 1
    while True:
        while source.is_spent:
            if source.ended:
                raise Lost("a string is not closed")
            yield None
        if chunk := CHUNK[quote].match(source.text, source.at):
            source.at = chunk.end()
            yield chunk.group()
        elif source.text[source.at] == "\\":
            yield (yield from _escape(source, python=quoting.python))
        elif (yield from _closes(source, quoting)):
            source.at += 1
            return
        else:
            source.at += 1
            yield quote


def _triple(source: Growing, closer: str) -> Letters:
    source.at += 3
    while True:
        while source.is_spent:
            if source.ended:
                raise Lost("a string is not closed")
            yield None
        if chunk := CHUNK[closer[0]].match(source.text, source.at):
            source.at = chunk.end()
            yield chunk.group()
        elif source.text[source.at] == "\\":
            yield (yield from _escape(source, python=True))
        elif (yield from ahead(source, 3)) == closer:
            source.at += 3
            return
        else:
            source.at += 1
            yield closer[0]


def between(source: Growing, closer: str) -> Letters:
    """What stands between two equal tokens. Raises: Lost."""
    source.at += len(closer)
    while (end := source.text.find(closer, source.at)) < 0:
        if source.ended:
            raise Lost("a string is not closed")
        if text := source.take(len(source.text) - held_back(source.rest, closer)):
            yield text
        yield None
    if text := source.take(end):
        yield text
    source.at += len(closer)


def raw_quote(source: Growing) -> Generator[None, None, str | None]:
    """The quote token that stands here."""
    if source.text[source.at] != "<":
        return None
    for token in RAW_QUOTES:
        if (yield from ahead(source, len(token))) == token:
            return token
    return None


def held_back(text: str, closer: str) -> int:
    """How many characters at the end of `text` may be the beginning of `closer`."""
    return next((n for n in range(min(len(closer) - 1, len(text)), 0, -1) if text.endswith(closer[:n])), 0)


def _closes(source: Growing, quoting: Quoting) -> Generator[None, None, bool]:
    """Whether the quote here ends its string."""
    if quoting.strict or quoting.python:
        return True
    at = 1
    while True:
        text = yield from ahead(source, at + 1)
        if len(text) <= at or at > _LOOK:
            return True
        if not text[at].isspace():
            return text[at] in _STRUCTURE
        at += 1


def _escape(source: Growing, *, python: bool) -> Generator[None, None, str]:
    text = yield from ahead(source, 2)
    letter = text[1:]
    if letter in _CODE and (python or letter == "u"):
        return (yield from _code_point(source, letter))
    source.at += len(text)
    if python and letter == "\n":
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
