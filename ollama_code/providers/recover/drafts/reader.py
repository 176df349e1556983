"""Finds calls in the raw text while it is written, and counts their tokens."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from ollama_code.core.growing import Reader
from ollama_code.ports import Chunk, DraftPiece, RawPiece, ReplyEnd
from ollama_code.providers.recover.declared import Declared
from ollama_code.providers.recover.drafts.heard import Began, Ended, Named, Told, Valued
from ollama_code.providers.recover.drafts.search import search


class DraftReader:
    """For one answer. Only a call of a declared name is told: better late than invented."""

    def __init__(self, declared: Declared) -> None:
        self._declared = declared
        self._reader: Reader[Told] = Reader(search)
        self._tokens = _Tokens()
        self._number = 0
        self._name = ""
        self._argument = ""
        self._start = 0
        self._growing = False

    def hear(self, chunk: Chunk) -> Iterator[Chunk]:
        """`chunk`, and behind raw text what it adds to a call."""
        if isinstance(chunk, ReplyEnd):
            yield from self._tell(self._reader.end())
        yield chunk
        if isinstance(chunk, RawPiece):
            yield from self.feed(chunk)

    def feed(self, raw: RawPiece) -> Iterator[DraftPiece]:
        self._tokens.add(len(raw.text), raw.tokens)
        yield from self._tell(self._reader.feed(raw.text))

    def _tell(self, found: Iterator[Told]) -> Iterator[DraftPiece]:
        """At least one piece a token, so that its count goes on also between arguments."""
        pieces = [piece for heard in found for piece in self._told(heard)]
        for _, together in groupby(pieces, lambda piece: (piece.number, piece.argument)):
            parts = list(together)
            yield replace(parts[-1], text="".join(part.text for part in parts))
        if self._growing and not pieces:
            yield self._piece("", self._tokens.total)

    def _told(self, heard: Told) -> Iterator[DraftPiece]:
        match heard:
            case Began(position=position):
                self._start, self._growing, self._name = self._tokens.before(position), False, ""
            case Named(name=name) if self._declared.find(name):
                self._number += 1
                self._name, self._argument, self._growing = name, "", True
                yield self._piece("", self._tokens.total)
            case Valued(argument=argument, text=text) if self._growing:
                self._argument = argument
                yield self._piece(text, self._tokens.total)
            case Ended(position=position) if self._name:
                self._argument, self._growing = "", False
                yield self._piece("", self._tokens.until(position))
            case _:
                self._growing = False

    def _piece(self, text: str, tokens: int) -> DraftPiece:
        return DraftPiece(self._number, self._name, self._argument, text, tokens - self._start)


class _Tokens:
    """Which token each character came with."""

    def __init__(self) -> None:
        self.total = 0
        self._length = 0
        self._ends: list[int] = []
        self._totals: list[int] = []

    def add(self, length: int, tokens: int) -> None:
        self.total += tokens
        self._length += length
        self._ends.append(self._length)
        self._totals.append(self.total)

    def before(self, position: int) -> int:
        """Tokens that end in front of `position`."""
        index = bisect_right(self._ends, position)
        return self._totals[index - 1] if index else 0

    def until(self, position: int) -> int:
        """Tokens up to the one that holds the last character in front of `position`."""
        index = bisect_left(self._ends, position)
        return self._totals[min(index, len(self._totals) - 1)]
