"""Reads what a folder holds for this program itself: settings, commands, agents, skills, servers.

Each file is read once, by descriptor and never through a symbolic link: what was looked at is what is used."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ollama_code.core.text import one_line
from ollama_code.workspace.confine import Anchor, Slot, WrongKind

OWN = ".ollama-code"
SETTINGS = f"{OWN}/settings.json"
SERVERS = ".mcp.json"
COMMANDS, AGENTS, SKILLS = f"{OWN}/commands", f"{OWN}/agents", f"{OWN}/skills"

FILE_LIMIT_BYTES = 256 * 1024
FILES_LIMIT = 500
DEPTH_LIMIT = 6
"""Folders below one of the three: more than anyone files commands under."""
_FOLDERS: Mapping[str, tuple[str, ...]] = {COMMANDS: (".md", ".toml"), AGENTS: (".md",), SKILLS: ("",)}
"""The folders and the endings of what counts in them."""


@dataclass(frozen=True)
class Belongings:
    """`files` by their path from the folder on, sorted. `troubles` are sentences about what was not read."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    troubles: tuple[str, ...] = ()

    def below(self, folder: str) -> dict[str, bytes]:
        """The files of one of the folders, by their path from it on."""
        start = f"{folder}/"
        return {path.removeprefix(start): data for path, data in self.files.items() if path.startswith(start)}


def read_belongings(directory: Path, *, apart_from: Path | None = None) -> Belongings:
    """What `directory` holds; nothing where it cannot be entered. Blocks. With `apart_from` being its `.ollama-code`,
    as in the home directory, that folder is the person's own and no project's."""
    try:
        anchor = Anchor(str(directory.resolve()))
    except OSError:
        return Belongings()
    try:
        reading = _Reading(anchor)
        reading.file(SERVERS)
        if apart_from is None or not _same(directory / OWN, apart_from):
            reading.file(SETTINGS)
            for folder, endings in _FOLDERS.items():
                reading.folder(folder, endings)
        return Belongings(dict(sorted(reading.files.items())), tuple(reading.troubles))
    finally:
        anchor.close()


class _Reading:
    def __init__(self, anchor: Anchor) -> None:
        self._anchor = anchor
        self.files: dict[str, bytes] = {}
        self.troubles: list[str] = []

    def file(self, path: str) -> None:
        try:
            with self._anchor.slot(path) as slot:
                data = _read(slot)
        except (FileNotFoundError, NotADirectoryError):
            return
        except WrongKind:
            self._trouble(path, "is not a plain file")
        except OSError as e:
            self._trouble(
                path, "is a symbolic link" if e.errno == errno.ELOOP else f"cannot be read: {e.strerror}"
            )
        else:
            if len(data) > FILE_LIMIT_BYTES:
                self._trouble(path, f"is larger than {FILE_LIMIT_BYTES // 1024} KiB")
            else:
                self.files[path] = data

    def folder(self, path: str, endings: tuple[str, ...], depth: int = 0) -> None:
        if depth > DEPTH_LIMIT:
            self._trouble(path, "lies too deep")
            return
        for name, mode in self._entries(path):
            below = f"{path}/{name}"
            if stat.S_ISDIR(mode):
                self.folder(below, endings, depth + 1)
            elif not name.endswith(endings):
                continue
            elif len(self.files) >= FILES_LIMIT:
                self.troubles.append(
                    f"This folder holds more than {FILES_LIMIT} files for ollama-code: the rest is not read."
                )
                return
            else:
                self.file(below)

    def _entries(self, path: str) -> Iterator[tuple[str, int]]:
        """Names and modes, sorted; a link's mode is its own."""
        try:
            with self._anchor.slot(path) as slot:
                descriptor = slot.open_directory()
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as e:
            self._trouble(
                path, "is a symbolic link" if e.errno == errno.ELOOP else f"cannot be read: {e.strerror}"
            )
            return
        try:
            with os.scandir(descriptor) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
            for entry in found:
                with suppress(FileNotFoundError):  # it may go while the folder is read
                    if _spoken(entry.name):
                        yield entry.name, entry.stat(follow_symlinks=False).st_mode
        finally:
            os.close(descriptor)

    def _trouble(self, path: str, why: str) -> None:
        self.troubles.append(f"{one_line(path)} {why}: it is not read.")


def _read(slot: Slot) -> bytes:
    """At most the limit and a byte."""
    with os.fdopen(slot.open_file(), "rb") as file:
        return file.read(FILE_LIMIT_BYTES + 1)


def _spoken(name: str) -> bool:
    """Whether the name can be shown and stored: bytes that are no text name nothing for this program."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def read_own(folder: Path) -> dict[str, bytes]:
    """The commands in a folder of the person's own, by their path from it on, sorted. Links are followed: people keep
    such files elsewhere. What cannot be read is passed over. Blocks."""
    found: dict[str, bytes] = {}
    for place, folders, names in os.walk(folder, followlinks=True):
        above = Path(place).relative_to(folder)
        if len(above.parts) >= DEPTH_LIMIT:
            folders.clear()  # also where a link leads back up
        for path in (above / name for name in names if name.endswith(_FOLDERS[COMMANDS]) and _spoken(name)):
            with suppress(OSError):
                facts = (folder / path).stat()
                plain = stat.S_ISREG(facts.st_mode) and facts.st_size <= FILE_LIMIT_BYTES
                if plain and len(found) < FILES_LIMIT:
                    found[path.as_posix()] = (folder / path).read_bytes()
    return dict(sorted(found.items()))
