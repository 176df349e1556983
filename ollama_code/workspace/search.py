"""Finding files and lines in a workspace: walks, ignore rules and matching put together, off the event loop."""

from __future__ import annotations

import heapq
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ollama_code.core.errors import ToolError
from ollama_code.ports import Entry, Place, Workspace
from ollama_code.workspace.confine import Anchor, WrongKind
from ollama_code.workspace.faults import list_fault
from ollama_code.workspace.globs import GlobPattern
from ollama_code.workspace.grep import Matcher, Matches, Query
from ollama_code.workspace.guarded import against_reading
from ollama_code.workspace.handles import held_at
from ollama_code.workspace.ignore import IgnoredBy, Rules, Sources, rules_at
from ollama_code.workspace.lines import BinaryFile, is_binary
from ollama_code.workspace.places import below
from ollama_code.workspace.ripgrep import Ripgrep
from ollama_code.workspace.stop import Stop, in_thread, stopping
from ollama_code.workspace.walk import Choice, Found, Walk

_LARGE_BYTES = 16 * 1024 * 1024
_BATCH_FILES = 2000
_BATCH_CHARS = 200_000
"""For one run of ripgrep; Linux lets arguments take 2 MB in all, macOS 1 MB."""


@dataclass(frozen=True)
class Files:
    """Paths seen from the place that was searched, newest first. `complete` is false when time ran out."""

    newest: tuple[str, ...]
    total: int
    unreadable: int
    complete: bool


@dataclass(frozen=True)
class Grepped:
    """`files` are in path order and hold at most the lines asked for; `total_lines` and `total_files` count all
    that matches. `guarded` files match by name only and were not opened: reading them needs to be asked."""

    files: tuple[Matches, ...]
    total_lines: int
    total_files: int
    searched: int
    guarded: int
    unreadable: int
    complete: bool


class Search:
    """Searches run in threads and end early, with what they have, after `limit_s` seconds or when cancelled."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        ripgrep: Ripgrep | None,
        limit_s: float = 10.0,
        withheld: Callable[[str], bool] = lambda path: False,
    ) -> None:
        """`withheld` says of a path, relative to the workspace or absolute outside of it, that a rule keeps its
        content from the model; it is asked in a thread."""
        self._workspace = workspace
        self._withheld = withheld
        self._ripgrep = ripgrep
        self._limit_s = limit_s
        self._home = os.path.realpath(Path.home()).rstrip("/") + "/"

    @classmethod
    def local(cls, workspace: Workspace, *, withheld: Callable[[str], bool] = lambda path: False) -> Search:
        """With the ripgrep of this machine, if it has one."""
        ripgrep = Ripgrep.on_path(os.environ.get("PATH", ""), root=workspace.root)
        return cls(workspace, ripgrep=ripgrep, withheld=withheld)

    async def glob(self, place: Place, pattern: GlobPattern, *, most: int) -> Files:
        """Files and links beneath the directory `place`. Raises: ToolError of the listing codes."""
        return await in_thread(lambda stop: self._glob(place, pattern, most, stop), limit_s=self._limit_s)

    async def grep(self, place: Place, query: Query, only: GlobPattern | None) -> Grepped:
        """Beneath a directory, in the files `only` matches. Links, binary and ignored files are passed over.
        Raises: ToolError(INVALID_PARAMS, TIMEOUT) for the pattern, and the listing codes."""
        matcher = Matcher(query)
        return await in_thread(lambda stop: self._grep(place, matcher, only, stop), limit_s=self._limit_s)

    async def grep_file(self, place: Place, query: Query) -> Grepped:
        """One file, ignored or not. Raises: ToolError(INVALID_PARAMS, TIMEOUT) and the reading codes."""
        matcher = Matcher(query)
        tally = _Tally(matcher, searched=1)
        with stopping(self._limit_s) as stop:

            def scan(file: BinaryIO) -> None:
                tally.add(matcher.matches(file, place.shown, keep=query.most_lines, stop=stop))

            try:
                await self._workspace.read(place, scan)
            except BinaryFile as error:
                raise ToolError(f"{place.shown} is a binary file: it has no lines.") from error
            return tally.result(complete=not stop.now)

    async def ignored(
        self, place: Place, entries: tuple[Entry, ...], sources: Sources
    ) -> dict[str, IgnoredBy]:
        """Those of the names in the directory `place` that are left out, and by whom."""

        def judge(_: Stop) -> dict[str, IgnoredBy]:
            with closing(Anchor("/")) as anchor:
                rules = self._rules(anchor, place, sources)
            verdicts = {
                entry.name: rules.ignored(entry.name, directory=entry.kind == "directory" and not entry.link)
                for entry in entries
            }
            return {name: verdict for name, verdict in verdicts.items() if verdict}

        return await in_thread(judge, limit_s=self._limit_s)

    def _rules(self, anchor: Anchor, place: Place, sources: Sources) -> Rules:
        inside = below(place.path, self._workspace.root) is not None
        root = self._workspace.root if inside else place.path
        return rules_at(anchor, place.path, root, sources)

    def _glob(self, place: Place, pattern: GlobPattern, most: int, stop: Stop) -> Files:
        choice = Choice(keep=pattern.matches, enter=pattern.may_reach)
        with closing(Anchor("/")) as anchor, self._walk(anchor, place, choice, stop) as walk:
            total = 0

            def counted() -> Iterator[Found]:
                nonlocal total
                for found in walk:
                    total += 1
                    yield found

            newest = heapq.nsmallest(most, counted(), key=_newest_first)
        return Files(tuple(found.path for found in newest), total, walk.unreadable, walk.complete)

    @contextmanager
    def _walk(self, anchor: Anchor, place: Place, choice: Choice, stop: Stop) -> Iterator[Walk]:
        try:
            with held_at(anchor, place.path) as start:
                yield Walk(start, self._rules(anchor, place, Sources()), stop, choice)
        except OSError as error:
            raise list_fault(error, place.shown) from error

    def _grep(self, place: Place, matcher: Matcher, only: GlobPattern | None, stop: Stop) -> Grepped:
        choice = Choice(keep=only.matches, enter=only.may_reach) if only else Choice()
        tally = _Tally(matcher)
        with closing(Anchor("/")) as anchor, self._walk(anchor, place, choice, stop) as walk:
            for batch in _batches(walk):
                allowed = [found for found in batch if self._may_read(place, found.path, tally)]
                open_to_search = [
                    found.path for found in allowed if not _is_large_binary(anchor, place, found)
                ]
                for path in self._worth_reading(place, open_to_search, matcher, stop):
                    self._scan(anchor, place, path, tally, stop)
        tally.unreadable += walk.unreadable
        return tally.result(complete=walk.complete and not stop.now)

    def _may_read(self, place: Place, path: str, tally: _Tally) -> bool:
        """Whether a file is guarded must not depend on what it holds: else a search could ask it questions."""
        whole = _below(place, path)
        below_home = whole.removeprefix(self._home) if whole.startswith(self._home) else ""
        guarded = not place.read_guard and bool(against_reading(path, below_home=below_home))
        guarded = guarded or self._withheld(whole.removeprefix(self._workspace.root.rstrip("/") + "/"))
        tally.guarded += guarded
        tally.searched += not guarded
        return not guarded

    def _worth_reading(self, place: Place, paths: list[str], matcher: Matcher, stop: Stop) -> Iterator[str]:
        if not paths or not self._ripgrep or not matcher.needles:
            yield from paths
            return
        any_case = not matcher.query.case_sensitive
        candidates = self._ripgrep.candidates(
            place.path, paths, matcher.needles, any_case=any_case, stop=stop
        )
        yield from (path for path in paths if path in candidates)

    def _scan(self, anchor: Anchor, place: Place, path: str, tally: _Tally, stop: Stop) -> None:
        if stop.now:
            return
        try:
            with _opened(anchor, place, path) as file:
                tally.add(tally.matcher.matches(file, path, keep=tally.lines_left, stop=stop))
        except (FileNotFoundError, BinaryFile, WrongKind):
            return
        except OSError:
            tally.unreadable += 1


@dataclass
class _Tally:
    """A search as it grows."""

    matcher: Matcher
    searched: int = 0
    guarded: int = 0
    unreadable: int = 0
    total_lines: int = 0
    total_files: int = 0
    lines_left: int = field(init=False)
    files: list[Matches] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lines_left = self.matcher.query.most_lines

    def add(self, matches: Matches | None) -> None:
        if matches is None:
            return
        self.total_files += 1
        self.total_lines += matches.count
        shown = sum(line.match for line in matches.lines)
        self.lines_left -= shown
        query = self.matcher.query
        if len(self.files) < query.most_files and (shown or not query.most_lines):
            self.files.append(matches)

    def result(self, *, complete: bool) -> Grepped:
        return Grepped(
            files=tuple(self.files),
            total_lines=self.total_lines,
            total_files=self.total_files,
            searched=self.searched,
            guarded=self.guarded,
            unreadable=self.unreadable,
            complete=complete,
        )


def _is_large_binary(anchor: Anchor, place: Place, found: Found) -> bool:
    """Ripgrep would read all of a disk image before it was known to hold no lines."""
    if found.stat.st_size < _LARGE_BYTES:
        return False
    try:
        with _opened(anchor, place, found.path) as file:
            return is_binary(file)
    except (OSError, WrongKind):
        return False


def _opened(anchor: Anchor, place: Place, path: str) -> BinaryIO:
    with anchor.slot(_below(place, path).lstrip("/")) as slot:
        return os.fdopen(slot.open_file(), "rb")


def _below(place: Place, path: str) -> str:
    return f"{place.path.rstrip('/')}/{path}"


def _newest_first(found: Found) -> tuple[int, str]:
    return (-found.stat.st_mtime_ns, found.path)


def _batches(walk: Walk) -> Iterator[list[Found]]:
    """Regular files, few enough at a time for one command line."""
    batch: list[Found] = []
    chars = 0
    with closing(iter(walk)) as found:
        for file in found:
            if file.link:
                continue
            batch.append(file)
            chars += len(file.path)
            if len(batch) >= _BATCH_FILES or chars >= _BATCH_CHARS:
                yield batch
                batch, chars = [], 0
    if batch:
        yield batch
