"""Text that is read while it is written. A reader is a generator over a `Growing` text: it yields what it found, and
`None` where it has to wait for more. Nothing is read twice, so that a long answer costs no more per token than a
short one."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")
Reading = Generator[T | None, None, None]
_SPACE = re.compile(r"\s*")


class Lost(ValueError):
    """What was written has no meaning for this reader, or ends too early."""


class Growing:
    """`at` is the place of the reader in `text`; what is behind it is forgotten when more comes. Offsets into `text`
    hold only until the reader waits."""

    def __init__(self) -> None:
        self.text = ""
        self.at = 0
        self.ended = False
        self._before = 0

    @property
    def position(self) -> int:
        """Characters in front of the reader, from the very beginning."""
        return self._before + self.at

    @property
    def rest(self) -> str:
        return self.text[self.at :]

    @property
    def is_spent(self) -> bool:
        return self.at >= len(self.text)

    def add(self, text: str) -> None:
        self._before += self.at
        self.text = self.text[self.at :] + text
        self.at = 0

    def take(self, end: int) -> str:
        """What stands before the offset `end`; the reader goes on from there."""
        taken = self.text[self.at : end]
        self.at = end
        return taken


def ahead(source: Growing, count: int) -> Generator[None, None, str]:
    """The next `count` characters, fewer only at the end. The reader stays where it is."""
    while len(source.text) - source.at < count and not source.ended:
        yield None
    return source.text[source.at : source.at + count]


def skip_blank(source: Growing) -> Generator[None, None, None]:
    """Go on to the next character that is no white space, or to the end."""
    while True:
        found = _SPACE.match(source.text, source.at)
        source.at = found.end() if found else source.at
        if not source.is_spent or source.ended:
            return
        yield None


class Reader(Generic[T]):
    """Feeds a reading piece by piece; `is_lost` says that it met something it cannot read, and is silent since."""

    def __init__(self, read: Callable[[Growing], Reading[T]]) -> None:
        self.is_lost = False
        self.is_done = False
        self._source = Growing()
        self._reading = read(self._source)

    @property
    def rest(self) -> str:
        """What came behind the end of what was read."""
        return self._source.rest

    def feed(self, text: str) -> Iterator[T]:
        self._source.add(text)
        yield from self._found()

    def end(self) -> Iterator[T]:
        """Nothing more comes."""
        self._source.ended = True
        yield from self._found()

    def _found(self) -> Iterator[T]:
        while not (self.is_done or self.is_lost):
            try:
                found = next(self._reading)
            except StopIteration:
                self.is_done = True
                return
            except Lost:
                self.is_lost = True
                return
            if found is None:
                return
            yield found
