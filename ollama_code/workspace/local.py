"""The workspace on this machine: `ports.Workspace` over directories that are held open.

Places inside are reached from their own directory, places outside, which a person has approved by then, from
`/`. Neither follows a link: `locate` has resolved the path, and what it showed is what is opened. So a call
locates once and keeps the `Place`; a path located a second time may lead elsewhere."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

from ollama_code.core.errors import UsageError
from ollama_code.ports import Entry, FileStat, Place
from ollama_code.workspace.confine import Anchor, Slot, WrongKind, kind_of
from ollama_code.workspace.faults import (
    changed_fault,
    gone_fault,
    kind_fault,
    list_fault,
    read_fault,
    write_fault,
)
from ollama_code.workspace.places import Territory, below
from ollama_code.workspace.replace import ContentChanged, create, replace

T = TypeVar("T")


class LocalWorkspace:
    """`read_only_roots` need not exist yet; writing there asks like anywhere outside.
    Raises: UsageError when the root or an extra root is not a directory that can be entered."""

    def __init__(
        self,
        root: Path,
        *,
        extra_roots: tuple[Path, ...] = (),
        read_only_roots: tuple[Path, ...] = (),
        own: Path | None = None,
    ) -> None:
        """`own` is the program's folder, which is guarded wherever it is."""
        self._territory = Territory(
            root=os.path.realpath(root),
            extra=tuple(os.path.realpath(extra) for extra in extra_roots),
            read_only=tuple(os.path.realpath(directory) for directory in read_only_roots),
            home=os.path.realpath(Path.home()),
            own=os.path.realpath(own) if own else "",
        )
        self._anchors = {path: _anchor(path) for path in (self._territory.root, *self._territory.extra)}
        self._outside = _anchor("/")

    @property
    def root(self) -> str:
        return self._territory.root

    def close(self) -> None:
        """Let go of the directories; nothing can be opened afterwards."""
        for anchor in (*self._anchors.values(), self._outside):
            anchor.close()

    def locate(self, path: str) -> Place:
        return self._territory.locate(path)

    async def stat(self, place: Place) -> FileStat | None:
        return await asyncio.to_thread(self._stat, place)

    async def read(self, place: Place, reader: Callable[[BinaryIO], T]) -> T:
        return await asyncio.to_thread(self._read, place, reader)

    async def write(self, place: Place, data: bytes, *, expected: bytes | None) -> None:
        """A cancelled write is done wholly or not at all."""
        await asyncio.to_thread(self._write, place, data, expected)

    async def entries(self, place: Place) -> tuple[Entry, ...]:
        return await asyncio.to_thread(self._entries, place)

    def _stat(self, place: Place) -> FileStat | None:
        try:
            with self._slot(place) as slot:
                return slot.look()
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
                return None
            raise read_fault(error, place.shown) from error

    def _read(self, place: Place, reader: Callable[[BinaryIO], T]) -> T:
        try:
            with self._slot(place) as slot:
                fd = slot.open_file()
            with os.fdopen(fd, "rb") as file:
                return reader(file)
        except WrongKind as error:
            raise kind_fault(error.kind, place.shown) from error
        except OSError as error:
            raise read_fault(error, place.shown) from error

    def _write(self, place: Place, data: bytes, expected: bytes | None) -> None:
        try:
            with self._slot(place, make_parents=expected is None) as slot:
                if expected is None:
                    create(slot, data)
                else:
                    replace(slot, data, expected)
        except ContentChanged as error:
            raise changed_fault("its content is not the one that was read", place.shown) from error
        except WrongKind as error:
            raise kind_fault(error.kind, place.shown) from error
        except FileNotFoundError as error:
            raise changed_fault("it is not there any more", place.shown) from error
        except OSError as error:
            raise write_fault(error, place.shown) from error

    def _entries(self, place: Place) -> tuple[Entry, ...]:
        try:
            with self._slot(place) as slot:
                fd = slot.open_directory()
            try:
                with os.scandir(fd) as found:
                    return tuple(_entry(entry) for entry in found)
            finally:
                os.close(fd)
        except OSError as error:
            raise list_fault(error, place.shown) from error

    @contextmanager
    def _slot(self, place: Place, *, make_parents: bool = False) -> Iterator[Slot]:
        owner = self._territory.owner(place.path)
        anchor = self._anchors[owner] if owner else self._outside
        relative = below(place.path, anchor.path)
        assert relative is not None, f"{place.path} is not an absolute path"
        try:
            with anchor.slot(relative, make_parents=make_parents) as slot:
                yield slot
        except FileNotFoundError as error:
            if anchor.gone:
                raise gone_fault(anchor.path) from error
            raise


def _anchor(path: str) -> Anchor:
    try:
        return Anchor(path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"Cannot work in {path}: {reason}. Name a folder that exists.") from error


def _entry(entry: os.DirEntry[str]) -> Entry:
    """A name that vanishes meanwhile, and a link that leads nowhere, count as an empty file."""
    try:
        found = entry.stat()
    except OSError:
        return Entry(name=entry.name, kind="file", size_bytes=0, link=entry.is_symlink())
    size_bytes = found.st_size if stat.S_ISREG(found.st_mode) else 0
    return Entry(name=entry.name, kind=kind_of(found.st_mode), size_bytes=size_bytes, link=entry.is_symlink())
