"""How well a few typed letters name a path. Pure: no disk, no thread.

The letters must stand in the path in their order. Among the ways they can, one counts more the more letters
follow each other, begin a word, or stand in the file's own name; of equals the shorter path wins."""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

_BLOCK = 2000
"""Paths filtered at a time: some 0.5 ms, after which another thread may run."""
_SCORED = 500
"""Most paths that are scored, at 5 to 15 us each. Where more match, the letters are few and the ones that hold
them in one piece, and are short, are scored."""
_WORD_START = re.compile(r"(?<![^\W_])[^\W_]|(?<=[a-z])[A-Z]")


@dataclass(frozen=True)
class Paths:
    """Paths beside their lower-case form, in the same order."""

    whole: tuple[str, ...]
    lowered: tuple[str, ...]

    @classmethod
    def of(cls, paths: Sequence[str]) -> Paths:
        return cls(tuple(paths), tuple(path.lower() for path in paths))


def best(letters: str, paths: Paths, limit: int, *, stopped: Callable[[], bool] = lambda: False) -> list[str]:
    """At most `limit` paths, the best first; without letters the shallowest. Ends early, with less, once
    `stopped()` is true."""
    letters = letters.lower()
    if not letters:
        return heapq.nsmallest(limit, paths.whole, key=lambda path: (path.count("/"), path))
    found = list(_holding(letters, paths, stopped))
    if len(found) > _SCORED:
        found = _promising(letters, found, paths)
    scored = [(-score(letters, paths.whole[at]), len(paths.whole[at]), paths.whole[at]) for at in found]
    return [path for _, _, path in heapq.nsmallest(limit, scored)]


def score(letters: str, path: str) -> int:
    """Higher is better. `letters` are in lower case and stand in the lower-case path in their order."""
    lowered = path.lower()
    shape = path if len(path) == len(lowered) else lowered
    name = lowered.rfind("/") + 1
    starts = {found.start() for found in _WORD_START.finditer(shape)}
    worth = max(_worth(places, starts, name) for places in _alignments(letters, lowered, starts, name))
    file = lowered[name:]
    if letters == lowered:
        worth += 40
    elif letters in (file, file.partition(".")[0]):
        worth += 20
    return worth


def _holding(letters: str, paths: Paths, stopped: Callable[[], bool]) -> Iterator[int]:
    """The places of the paths that hold the letters in their order."""
    pattern = re.compile("".join(f"[^{re.escape(c)}]*{re.escape(c)}" for c in letters), re.DOTALL)
    for first in range(0, len(paths.lowered), _BLOCK):
        if stopped():
            return
        block = islice(paths.lowered, first, first + _BLOCK)
        yield from (at for at, path in enumerate(block, first) if pattern.match(path))


def _promising(letters: str, found: list[int], paths: Paths) -> list[int]:
    whole = [at for at in found if letters in paths.lowered[at]]
    if len(whole) > _SCORED:
        return heapq.nsmallest(_SCORED, whole, key=lambda at: len(paths.lowered[at]))
    taken = set(whole)
    rest = (at for at in found if at not in taken)
    return whole + heapq.nsmallest(_SCORED - len(whole), rest, key=lambda at: len(paths.lowered[at]))


def _alignments(letters: str, path: str, starts: set[int], name: int) -> Iterator[list[int]]:
    """Ways to place the letters, at least one: in one piece, at word starts, as far right as possible."""
    at = path.find(letters)
    while at >= 0:
        yield list(range(at, at + len(letters)))
        at = path.find(letters, at + 1)
    for first in {0, name}:
        if (places := _at_starts(letters, path, starts, first)) is not None:
            yield places
    yield _rightmost(letters, path)


def _at_starts(letters: str, path: str, starts: set[int], first: int) -> list[int] | None:
    """Each letter right after the one before it, else at the next word start that has it."""
    places: list[int] = []
    ahead = sorted(start for start in starts if start >= first)
    for letter in letters:
        following = places[-1] + 1 if places else first
        if not (places and path[following : following + 1] == letter):
            found = next((start for start in ahead if start >= following and path[start] == letter), None)
            if found is None:
                return None
            following = found
        places.append(following)
    return places


def _rightmost(letters: str, path: str) -> list[int]:
    places: list[int] = []
    end = len(path)
    for letter in reversed(letters):
        end = path.rfind(letter, 0, end)
        assert end >= 0, "the path does not hold the letters"
        places.append(end)
    return places[::-1]


def _worth(places: list[int], starts: set[int], name: int) -> int:
    worth = 0
    before = -2
    for at in places:
        if at == before + 1:
            worth += 6
        else:
            worth += 5 if at in starts else -2
        worth += 2 if at >= name else 0
        before = at
    return worth + (4 if places[0] == name else 0)
