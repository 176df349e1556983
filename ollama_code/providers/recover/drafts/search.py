"""Where a call begins in a text that is still being written, and in which dialect. Code spans, quoted lines and
fences are passed over, as in the ladder; a bare object is a call only at the very beginning."""

from __future__ import annotations

import re
from collections.abc import Generator

from ollama_code.core.growing import Growing, Lost
from ollama_code.providers.recover.drafts.bodies import between_tags, bodies, with_object
from ollama_code.providers.recover.drafts.heard import Began, Telling, Told
from ollama_code.providers.recover.drafts.tags import opened, tag_ahead
from ollama_code.providers.recover.find import CALL_FENCES
from ollama_code.providers.recover.forms.named import HARMONY, NAME, SEPARATOR
from ollama_code.providers.recover.tokens import INVENTED, OPENER

_PROSE = re.compile(r"[^<\[{`\n]+")
_SHOWN_LINE = re.compile(r"[ \t]*(?:>|\||[+-] )")
_FENCE = re.compile(r"[ \t]*(`{3,})[ \t]*(\w*)[^\n`]*\n")
_LINE_REACH = 400
_SENTENCE_END = ".!?:…。！？：>]"
_QUOTING = "'\"`=("
_THOUGHT_END = ("</think>", "</thinking>")
_DATA_FENCES = ("", "json")


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
        place.note(".")
        yield from bodies(source)
        return
    place.note(source.take(source.at + 1))


def _tag(source: Growing, tag: str, place: _Place, start: int) -> Generator[Told | None, None, bool]:
    """Whether `tag`, which stands here, begins a call; then the call has been read."""
    if found := opened(tag):
        if not place.is_open:
            return False
        yield Began(start)
        yield from between_tags(source, tag, *found)
    elif INVENTED.fullmatch(tag):
        place.is_invented = True
        return False
    elif OPENER.fullmatch(tag):
        yield Began(start)
        source.at += len(tag)
        place.note(".")
        yield from bodies(source)
    elif SEPARATOR.fullmatch(tag) and (name := re.search(rf"{NAME}\s*\Z", place.line)):
        yield Began(start - len(name.group()))
        source.at += len(tag)
        yield from with_object(source, name.group().strip())
    elif tag == "<|message|>" and (header := HARMONY.search(f"{place.line}{tag}")):
        yield Began(start - (len(place.line) - header.start()))
        source.at += len(tag)
        yield from with_object(source, header.group("first"))
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
        place.note(".")
        yield from bodies(source)
        return
    place.note("`\n")
    while (close := source.text.find(f"\n{fence.group(1)}", source.at)) < 0:
        if source.ended:
            return
        source.at = max(source.at, len(source.text) - len(fence.group(1)) - 1)
        yield None
    source.at = close + 1 + len(fence.group(1))
