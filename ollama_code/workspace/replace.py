"""Putting content in a place all at once: readers see the old file or the new one, never a part, and a failure
leaves what was there.

The content goes to a spare file in the same directory, which then takes the name. So a file with several hard
links loses them here: its other names, which may lie anywhere, keep the old content. That is wanted, because a
second name outside the workspace must not be written through one inside. Permission bits stay, the owner where
the system allows it; extended attributes do not, and set-id bits fall as they do on any write."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ollama_code.ports import FileStat
from ollama_code.workspace.confine import Slot, WrongKind

_PIECE_BYTES = 1 << 20
_NO_HARD_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


class ContentChanged(Exception):
    """The file does not hold what the caller expects."""


def create(slot: Slot, data: bytes) -> None:
    """A new file with the permissions the process gives to new files.
    Raises: FileExistsError, also when a file appears at the very last moment; WrongKind."""
    with suppress(FileNotFoundError):
        there = slot.look()
        if there.kind != "file":
            raise WrongKind(there.kind)
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), slot.name)
    with _spare(slot.directory, mode=0o666) as (spare, fd):
        _fill(fd, data)
        give_new_name(slot, spare)


def replace(slot: Slot, data: bytes, expected: bytes) -> None:
    """New content for a file that holds exactly `expected` when the name changes hands.
    Raises: FileNotFoundError, ContentChanged, WrongKind, PermissionError for a file that is read-only for us or
    for everyone."""
    old = slot.look()
    if old.kind != "file":
        raise WrongKind(old.kind)
    _require_writable(slot, old)
    with _spare(slot.directory, mode=0o600) as (spare, fd):
        _adopt(slot, fd, old)
        _fill(fd, data)
        if not _holds(slot, expected):
            raise ContentChanged
        os.rename(spare, slot.name, src_dir_fd=slot.directory, dst_dir_fd=slot.directory)


def give_new_name(slot: Slot, spare: str) -> None:
    """Let the file `spare` of the slot's directory be known by the slot's name, which must be free. A link never
    takes a name that is in use; where the file system has none, the name is first claimed with an empty file.
    Raises: FileExistsError."""
    try:
        os.link(spare, slot.name, src_dir_fd=slot.directory, dst_dir_fd=slot.directory)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        claim_new_name(slot, spare)


def claim_new_name(slot: Slot, spare: str) -> None:
    """`give_new_name` without hard links. Raises: FileExistsError."""
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    os.close(os.open(slot.name, flags, 0o600, dir_fd=slot.directory))
    os.rename(spare, slot.name, src_dir_fd=slot.directory, dst_dir_fd=slot.directory)


@contextmanager
def _spare(directory: int, *, mode: int) -> Iterator[tuple[str, int]]:
    """An empty file of our own: its name and a descriptor for writing. The name is free again afterwards."""
    name = f".ollama-code-{secrets.token_hex(8)}.tmp"
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(name, flags, mode, dir_fd=directory)
    try:
        yield name, fd
    finally:
        os.close(fd)
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=directory)


def _require_writable(slot: Slot, old: FileStat) -> None:
    """Renaming asks only for the directory's permission, so the file's own is asked here. Root may write
    anything; a file that nobody may write is meant, so it holds for root too."""
    allowed = os.access(
        slot.name, os.W_OK, dir_fd=slot.directory, effective_ids=os.access in os.supports_effective_ids
    )
    if not (allowed and old.mode & 0o222):
        raise PermissionError(errno.EACCES, "the file is read-only", slot.name)


def _adopt(slot: Slot, fd: int, old: FileStat) -> None:
    owner = os.stat(slot.name, dir_fd=slot.directory, follow_symlinks=False)
    with suppress(PermissionError):
        os.fchown(fd, owner.st_uid, owner.st_gid)
    os.fchmod(fd, old.mode & 0o777)


def _fill(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]
    os.fsync(fd)


def _holds(slot: Slot, expected: bytes) -> bool:
    try:
        fd = slot.open_file()
    except (FileNotFoundError, WrongKind):
        return False
    with os.fdopen(fd, "rb", buffering=0) as file:
        if os.fstat(fd).st_size != len(expected):
            return False
        at = 0
        while piece := file.read(_PIECE_BYTES):
            if piece != expected[at : at + len(piece)]:
                return False
            at += len(piece)
        return at == len(expected)
