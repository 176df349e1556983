"""What lies beneath a directory: a lazy walk by descriptor that never follows a link and so never leaves it.

Runs in a thread. Entries that vanish meanwhile are passed over, directories that cannot be read are counted."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

from ollama_code.workspace.confine import Slot
from ollama_code.workspace.ignore import Rules
from ollama_code.workspace.stop import Stop

_DEEPEST = 200
"""One descriptor is open for each level. Deeper trees are loops of a program gone wrong, or hostile."""


@dataclass(frozen=True, slots=True)
class Found:
    """A regular file or a symbolic link. `path` counts from the start of the walk, its parts divided by `/`;
    bytes that are no UTF-8 are lone surrogates. `stat` is the link's own."""

    path: str
    stat: os.stat_result

    @property
    def link(self) -> bool:
        return stat.S_ISLNK(self.stat.st_mode)


@dataclass(frozen=True)
class Choice:
    """What is worth looking at. Both are given a path from the start of the walk."""

    keep: Callable[[str], bool] = lambda path: True
    enter: Callable[[str], bool] = lambda path: True


@dataclass(frozen=True)
class _Level:
    directory: int
    prefix: str
    rules: Rules
    entries: Iterator[os.DirEntry[str]]


class Walk:
    """Iterate once, to the end or inside `contextlib.closing`. Gives files in the order of their
    whole paths, which are compared character by character. The numbers are final when the iteration is."""

    def __init__(self, start: int, rules: Rules, stop: Stop, choice: Choice = Choice()) -> None:
        """`start` is a directory held open, `rules` those that hold in it."""
        self._start = start
        self._rules = rules
        self._stop = stop
        self._choice = choice
        self.unreadable = 0
        self.complete = False

    def __iter__(self) -> Generator[Found, None, None]:
        levels = [_Level(os.dup(self._start), "", self._rules, self._entries(self._start))]
        try:
            while levels:
                if self._stop.now:
                    return
                level = levels[-1]
                entry = next(level.entries, None)
                if entry is None:
                    os.close(levels.pop().directory)
                elif not _is_directory(entry):
                    yield from self._file(level, entry)
                elif below := self._below(level, entry.name, depth=len(levels)):
                    levels.append(below)
            self.complete = True
        finally:
            for level in levels:
                os.close(level.directory)

    def _file(self, level: _Level, entry: os.DirEntry[str]) -> Iterator[Found]:
        path = level.prefix + entry.name
        if not self._choice.keep(path) or level.rules.ignored(entry.name, directory=False):
            return
        try:
            found = Found(path, entry.stat(follow_symlinks=False))
        except OSError:
            return
        if found.link or stat.S_ISREG(found.stat.st_mode):
            yield found

    def _below(self, level: _Level, name: str, *, depth: int) -> _Level | None:
        path = level.prefix + name
        if not self._choice.enter(path) or level.rules.ignored(name, directory=True):
            return None
        if depth > _DEEPEST:
            self.unreadable += 1
            return None
        try:
            directory = Slot(level.directory, name).open_directory()
        except FileNotFoundError:
            return None
        except OSError:
            self.unreadable += 1
            return None
        return _Level(directory, f"{path}/", level.rules.inside(name, directory), self._entries(directory))

    def _entries(self, directory: int) -> Iterator[os.DirEntry[str]]:
        try:
            with os.scandir(directory) as found:
                return iter(sorted(found, key=_in_path_order))
        except OSError:
            self.unreadable += 1
            return iter(())


def _in_path_order(entry: os.DirEntry[str]) -> str:
    """`a.py` comes before `a/b.py`, as their whole paths do."""
    return f"{entry.name}/" if _is_directory(entry) else entry.name


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False
