"""JSON as models write it. Reads what has one meaning only: other quotes, bare keys, comments, trailing commas,
Python literals, raw line breaks, one missing last brace. Anything else is broken or cut, never guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydantic import JsonValue

from ollama_code.core.literals import STRICT, joined, number_of, unescaped

DEPTH_LIMIT = 64
"""Levels of lists and objects; no tool asks for more, and deeper ones would exhaust the stack."""

_BLANK = re.compile(r"(?:[\s\ufeff]+|//[^\n]*|/\*.{0,4000}?\*/|#[^\n]*)*", re.DOTALL)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?(?:[eE][+-]?\d+)?")
_NUMBER_AFTER = re.compile(r"[\s,}\])<#/]")
_WORD = re.compile(r"[A-Za-z_$][\w$.-]*")
_WORDS: dict[str, JsonValue] = {
    "true": True, "True": True, "false": False, "False": False, "null": None, "None": None,
}  # fmt: skip
_STRUCTURE = re.compile(r"\s*(?:[,:}\]]|/[*/]|\Z)")
_JOINS = re.compile(r"[\"']\s*\+?\s*")
_TO_THE_END = re.compile(r"[\s}\]]*(?:\Z|<|```)")
_RAW_QUOTES = ('<|"|>', "<escape>")
"""Quote tokens: between two of them every character stands for itself."""
_RAW_CALL = re.compile(r"call:[\w.:/-]{1,120}\s*\{")
"""A call inside a value: the quote tokens that its own strings open do not end the value."""
_RAW_AFTER = re.compile(r"\s*(?:[,:}\])]|\Z)")
_TRIPLE_AFTER = re.compile(r"\s*(?:[,}\])]|\Z)")
_CHUNK = {quote: re.compile(rf"[^\\{quote}]*") for quote in ('"', "'", "`")}


class Broken(ValueError):
    """The text at `at` has no meaning, or more than one."""

    def __init__(self, why: str, at: int) -> None:
        super().__init__(why)
        self.at = at


class Cut(Broken):
    """The text ends inside a value."""


@dataclass(frozen=True)
class Read:
    """`end` is the offset after the value; `missing` counts the closers that were not there (0 or 1)."""

    value: JsonValue
    end: int
    missing: int = 0


@dataclass(frozen=True)
class Style:
    """`python`: strings by Python's escapes, ended by the first closing quote, calls around them. `stop` marks
    where the text counts as ended, such as a closing tag."""

    python: bool = False
    stop: re.Pattern[str] | None = None


JSON = Style()
PYTHON = Style(python=True)


def read(text: str, at: int = 0, style: Style = JSON) -> Read:
    """The value that starts at `at`. Raises: Cut, Broken."""
    at = blank(text, at)
    if not style.python:
        try:
            value, end = STRICT.raw_decode(text, at)
            return Read(joined(value), end)
        except (ValueError, RecursionError):
            pass
    reader = _Reader(text, style)
    value, end = reader.value(at, 0)
    return Read(joined(value), end, reader.missing)


def whole(text: str) -> JsonValue:
    """The value that is all of `text`, except surplus closers. Raises: Broken."""
    found = read(text)
    if found.missing or not re.fullmatch(r"[\s}\]]*", text[found.end :]):
        raise Broken("something is missing or left over", found.end)
    return found.value


def blank(text: str, at: int) -> int:
    """The offset after white space and comments."""
    return _end(_BLANK.match(text, at), at)


def _end(found: re.Match[str] | None, at: int) -> int:
    return found.end() if found else at


class _Reader:
    def __init__(self, text: str, style: Style) -> None:
        self._text = text
        self._style = style
        self.missing = 0

    def value(self, at: int, depth: int) -> tuple[JsonValue, int]:
        at = blank(self._text, at)
        if depth > DEPTH_LIMIT:
            raise Broken("nested too deep", at)
        if at >= len(self._text):
            raise Cut("a value is missing", at)
        first = self._text[at]
        if first == "{":
            return self._object(at, depth)
        if first == "[":
            return self._array(at, depth)
        if self._quoted(at):
            return self.string(at)
        return self._plain(at)

    def _quoted(self, at: int) -> bool:
        return self._text[at] in "\"'`" or self._text.startswith(_RAW_QUOTES, at) or self._raw_prefix(at)

    def _raw_prefix(self, at: int) -> bool:
        return self._style.python and self._text.startswith(("r'", 'r"', "R'", 'R"'), at)

    def _object(self, at: int, depth: int) -> tuple[JsonValue, int]:
        members: dict[str, JsonValue] = {}
        at = blank(self._text, at + 1)
        while not self._text.startswith("}", at):
            key, at = self._key(at)
            at = blank(self._text, at)
            if not self._text.startswith(":", at):
                raise self._fault("a colon is missing", at)
            value, at = self.value(at + 1, depth + 1)
            if members.setdefault(key, value) != value:
                raise Broken("one key with two values", at)
            at, ended = self._separator(at, depth)
            if ended:
                return members, at
        return members, at + 1

    def _array(self, at: int, depth: int) -> tuple[JsonValue, int]:
        items: list[JsonValue] = []
        at = blank(self._text, at + 1)
        while not self._text.startswith("]", at):
            item, at = self.value(at, depth + 1)
            items.append(item)
            at, ended = self._separator(at, depth)
            if ended:
                return items, at
        return items, at + 1

    def _separator(self, at: int, depth: int) -> tuple[int, bool]:
        """Where the next member starts; true when the text ended where only the last closer was to come."""
        at = blank(self._text, at)
        if self._text.startswith(",", at):
            return blank(self._text, at + 1), False
        if self._text.startswith(("}", "]"), at):
            return at, False
        if self._at_stop(at) and depth == 0:
            self.missing = 1
            return at, True
        raise self._fault("a comma is missing", at)

    def _at_stop(self, at: int) -> bool:
        stop = self._style.stop
        return at >= len(self._text) or (stop is not None and stop.match(self._text, at) is not None)

    def _fault(self, why: str, at: int) -> Broken:
        return Cut(why, at) if at >= len(self._text) else Broken(why, at)

    def _key(self, at: int) -> tuple[str, int]:
        if at >= len(self._text):
            raise Cut("a key is missing", at)
        if self._quoted(at):
            return self.string(at)
        found = _WORD.match(self._text, at)
        if not found:
            raise Broken("a key is missing", at)
        return found.group(), found.end()

    def _plain(self, at: int) -> tuple[JsonValue, int]:
        if found := _NUMBER.match(self._text, at):
            if found.end() == len(self._text):
                raise Cut("a number may go on", at)
            if not _NUMBER_AFTER.match(self._text, found.end()):
                raise Broken("not a number", at)
            try:
                return number_of(found.group()), found.end()
            except ValueError as e:
                raise Broken("not a number", at) from e
        word = _WORD.match(self._text, at)
        if word and word.end() == len(self._text):
            raise Cut("a word may go on", at)
        if not word or word.group() not in _WORDS:
            raise Broken("not a value", at)
        return _WORDS[word.group()], word.end()

    def string(self, at: int) -> tuple[str, int]:
        for token in _RAW_QUOTES:
            if self._text.startswith(token, at):
                return self._between(at + len(token), token, _RAW_AFTER)
        if self._raw_prefix(at):
            return self._raw_string(at + 1)
        quote = self._text[at]
        if quote != "`" and self._text.startswith(quote * 3, at):
            return self._triple(at + 3, quote * 3)
        return self._escaped(at + 1, quote)

    def _between(self, start: int, closer: str, after: re.Pattern[str]) -> tuple[str, int]:
        call = _RAW_CALL.search(self._text, start) if closer in _RAW_QUOTES else None
        at, inside = self._text.find(closer, start), 0
        while at >= 0:
            end = at + len(closer)
            around = call is not None and call.start() < at and inside % 2 == 1
            if not around and (after.match(self._text, end) or self._at_stop(end)):
                return self._text[start:at], end
            at, inside = self._text.find(closer, end), inside + 1
        raise Cut("a string is not closed", start)

    def _raw_string(self, at: int) -> tuple[str, int]:
        quote = self._text[at] * (3 if self._text.startswith(self._text[at] * 3, at) else 1)
        return self._between(at + len(quote), quote, _TRIPLE_AFTER)

    def _triple(self, start: int, closer: str) -> tuple[str, int]:
        body, end = self._between(start, closer, _TRIPLE_AFTER)
        return unescaped(body, python=True), end

    def _escaped(self, start: int, quote: str) -> tuple[str, int]:
        """A string with escapes. A quote that nothing of the structure follows is content, where only one
        reading of the whole exists."""
        inner: list[int] = []
        at = start
        while True:
            chunk = at
            at = _end(_CHUNK[quote].match(self._text, at), at)
            if inner and (line := self._text.find("\n", chunk, at)) >= 0:
                raise Broken("quotes inside a string of several lines", line)
            if at + 1 >= len(self._text) and not self._text.startswith(quote, at):
                raise Cut("a string is not closed", start)
            if self._text[at] == "\\":
                at += 2
            elif self._closes(at + 1):
                break
            else:
                inner.append(at)
                at += 1
        if inner and not self._one_reading(inner, at):
            raise Broken("quotes inside a string", at)
        return unescaped(self._text[start:at], python=self._style.python or quote != '"'), at + 1

    def _closes(self, at: int) -> bool:
        return self._style.python or _STRUCTURE.match(self._text, at) is not None or self._at_stop(at)

    def _one_reading(self, inner: list[int], at: int) -> bool:
        if all(self._text[i - 1].isalnum() and self._text[i + 1].isalnum() for i in inner):
            return True
        if all(_JOINS.fullmatch(self._text, *ends) for ends in zip(inner[::2], inner[1::2], strict=False)):
            return False
        return len(inner) % 2 == 0 or _TO_THE_END.match(self._text, at + 1) is not None
