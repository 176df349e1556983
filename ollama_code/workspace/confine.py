"""Opening by descriptor: a directory is held open and everything beneath it is reached from there, never
through a symbolic link. A path that changes after it was looked at makes the open fail, not lead elsewhere."""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
import sys
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ollama_code.ports import FileKind, FileStat

_PATH_ONLY: int = getattr(os, "O_PATH", os.O_RDONLY)
"""macOS has no O_PATH: there a directory must be readable, not only searchable, to be passed through."""
_DIRECTORY = _PATH_ONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LOOK = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

# openat2(2), Linux 5.6; its number is the same on every architecture.
_SYS_OPENAT2 = 437
_RESOLVE = 0x02 | 0x04 | 0x08  # NO_MAGICLINKS | NO_SYMLINKS | BENEATH
_RETRIES = 64
"""The kernel answers EAGAIN when a rename elsewhere raced with the lookup."""


class WrongKind(Exception):
    """Something other than a regular file stands where a file was to be opened."""

    def __init__(self, kind: FileKind) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True)
class Slot:
    """One name in a directory that is held open. Every method refuses a symbolic link with ELOOP and raises
    FileNotFoundError when nothing has the name."""

    directory: int
    name: str

    def look(self) -> FileStat:
        found = os.stat(self.name, dir_fd=self.directory, follow_symlinks=False)
        if stat.S_ISLNK(found.st_mode):
            raise _linked(self.name)
        return file_stat(found)

    def open_file(self) -> int:
        """A descriptor for reading a regular file; never blocks. The kind is looked at before the open, because
        opening a device may already do something, and after it, because only that is certain.
        Raises: WrongKind."""
        _require_file(self.look())
        fd = os.open(self.name, _LOOK, dir_fd=self.directory)
        try:
            _require_file(file_stat(os.fstat(fd)))
        except BaseException:
            os.close(fd)
            raise
        return fd

    def open_directory(self) -> int:
        """A descriptor for listing. Raises: NotADirectoryError."""
        self.look()
        return os.open(self.name, _LOOK | os.O_DIRECTORY, dir_fd=self.directory)


class Anchor:
    """A directory held open for the life of the object; `path` is where it was then.

    `portable` chooses the walk that systems without openat2 use. Both give the same answers."""

    def __init__(self, path: str, *, portable: bool = False) -> None:
        self.path = path
        self._portable = portable or sys.platform != "linux"
        self._fd = os.open(path, _DIRECTORY)
        self._closing = weakref.finalize(self, os.close, self._fd)

    def close(self) -> None:
        self._closing()

    @property
    def gone(self) -> bool:
        """True when the directory was removed, or another one stands in its place."""
        try:
            return not os.path.samestat(Path(self.path).stat(), os.fstat(self._fd))
        except OSError:
            return True

    @contextmanager
    def slot(self, relative: str, *, make_parents: bool = False) -> Iterator[Slot]:
        """The place `relative` names beneath the anchor; `.` is the anchor itself. Parts are divided by `/` and
        hold no `..`. With `make_parents` missing directories on the way are created."""
        *parents, name = _parts(relative)
        try:
            directory = self._open_directory(parents)
        except FileNotFoundError:
            if not make_parents:
                raise
            directory = self._walk(parents, make=True)
        try:
            yield Slot(directory, name)
        finally:
            os.close(directory)

    def _open_directory(self, parts: list[str]) -> int:
        if parts and not self._portable:
            try:
                return _open_beneath(self._fd, "/".join(parts))
            except OSError as error:
                # An old kernel says ENOSYS, a container's system call filter often EPERM.
                if error.errno not in (errno.ENOSYS, errno.EPERM):
                    raise
        return self._walk(parts, make=False)

    def _walk(self, parts: list[str], *, make: bool) -> int:
        current = os.dup(self._fd)
        for part in parts:
            try:
                following = _step_or_make(part, current) if make else _step(part, current)
            finally:
                os.close(current)
            current = following
        return current


def file_stat(found: os.stat_result) -> FileStat:
    return FileStat(
        kind=kind_of(found.st_mode),
        size_bytes=found.st_size,
        mtime_ns=found.st_mtime_ns,
        inode=found.st_ino,
        mode=stat.S_IMODE(found.st_mode),
        links=found.st_nlink,
    )


def kind_of(st_mode: int) -> FileKind:
    if stat.S_ISREG(st_mode):
        return "file"
    if stat.S_ISDIR(st_mode):
        return "directory"
    if stat.S_ISFIFO(st_mode):
        return "fifo"
    return "socket" if stat.S_ISSOCK(st_mode) else "device"


def _parts(relative: str) -> list[str]:
    parts = relative.split("/")
    if ".." in parts or "" in parts:
        raise PermissionError(errno.EXDEV, "not a path beneath a directory", relative)
    return parts


def _require_file(found: FileStat) -> None:
    if found.kind != "file":
        raise WrongKind(found.kind)


def _linked(name: str) -> OSError:
    return OSError(errno.ELOOP, os.strerror(errno.ELOOP), name)


def _step_or_make(name: str, directory: int) -> int:
    try:
        return _step(name, directory)
    except FileNotFoundError:
        with suppress(FileExistsError):
            os.mkdir(name, dir_fd=directory)
        return _step(name, directory)


def _step(name: str, directory: int) -> int:
    try:
        return os.open(name, _DIRECTORY, dir_fd=directory)
    except NotADirectoryError as error:
        # O_PATH|O_DIRECTORY says "not a directory" of a link as well; openat2 tells them apart, so does this.
        found = os.stat(name, dir_fd=directory, follow_symlinks=False)
        raise (_linked(name) if stat.S_ISLNK(found.st_mode) else error) from None


def _open_beneath(directory: int, relative: str) -> int:
    # Without O_NOFOLLOW, which beside O_PATH would open the link itself: NO_SYMLINKS refuses it with ELOOP.
    how = struct.pack("=QQQ", _DIRECTORY & ~os.O_NOFOLLOW, 0, _RESOLVE)
    name, length = os.fsencode(relative), ctypes.c_size_t(len(how))
    for _ in range(_RETRIES):
        fd = _system_call()(ctypes.c_long(_SYS_OPENAT2), ctypes.c_int(directory), name, how, length)
        if fd >= 0:
            return fd
        number = ctypes.get_errno()
        if number not in (errno.EAGAIN, errno.EINTR):
            break
    raise OSError(number, os.strerror(number), relative)


@cache
def _system_call() -> Callable[..., int]:
    """syscall(2) of the C library, looked up once."""
    call = ctypes.CDLL(None, use_errno=True).syscall
    call.restype = ctypes.c_long
    return call
