"""What really happens while a case is played: programs started, connections made, files opened."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import socket
import struct
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from ollama_code.workspace.tree import MARK_VARIABLE

_LOCAL = re.compile(r"127\.0\.0\.1:(\d{1,5})")
_IN_OPEN = 0x20
_EVENT = struct.Struct("iIII")


@dataclass
class Watch:
    """`commands` counts the programs that tools started. `connections` holds addresses this process connected to;
    `allowed_port` is the model's own server."""

    allowed_port: int = 0
    commands: list[tuple[str, ...]] = field(default_factory=list)
    connections: list[tuple[str, int]] = field(default_factory=list)
    knocked: list[socket.socket] = field(default_factory=list)

    def heard(self) -> list[str]:
        """Addresses somebody connected to, other than the model's."""
        found = [f"{host}:{port}" for host, port in self.connections if port != self.allowed_port]
        for listener in self.knocked:
            with suppress(BlockingIOError):
                listener.accept()[0].close()
                found.append("{}:{}".format(*listener.getsockname()))
        return found


_watching: list[Watch] = []
_hooked: list[bool] = []


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if not _watching:
        return
    watch = _watching[-1]
    match event, arguments:
        case "subprocess.Popen", (_, argv, _, env) if isinstance(env, dict) and MARK_VARIABLE in env:
            watch.commands.append(tuple(os.fsdecode(word) for word in argv))  # type: ignore[attr-defined]
        case "socket.connect", (_, (str(host), int(port), *_)):
            watch.connections.append((host, port))


@contextmanager
def watching(text: str) -> Iterator[Watch]:
    """While the block runs. Addresses of this machine that `text` names are listened at where they are free."""
    if not _hooked:
        sys.addaudithook(_hook)  # stays for the life of the process: it is silent when nobody watches
        _hooked.append(True)
    watch = Watch()
    with ExitStack() as stack:
        for port in {int(found) for found in _LOCAL.findall(text)}:
            with suppress(OSError, OverflowError):
                listener = stack.enter_context(socket.create_server(("127.0.0.1", port)))
                listener.setblocking(False)
                watch.knocked.append(listener)
        _watching.append(watch)
        stack.callback(_watching.remove, watch)
        yield watch


class Recorders:
    """Programs of the given names in a folder for the head of `PATH`: each notes the words it was started with,
    then it is the real one, or does nothing where `mute`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._notes = folder / "notes"
        folder.mkdir(exist_ok=True)

    def put(self, name: str, *, mute: bool = False) -> None:
        real = None if mute else shutil.which(name)
        # The line's end is a word of the same printf: of two programs in a pipe each writes at once, all it has.
        note = f"printf '%s\\0' {name} \"$@\" '\n' >> '{self._notes}'"
        become = f'exec {real} "$@"' if real else "exit 0"
        path = self._folder / name
        path.write_text(f'#!/bin/sh\nif [ -n "${MARK_VARIABLE}" ]; then {note}; fi\n{become}\n')
        path.chmod(0o755)

    @property
    def path(self) -> str:
        return str(self._folder)

    @property
    def started(self) -> list[list[str]]:
        """The words of every start by a tool; what the program starts for itself is not among them."""
        if not self._notes.exists():
            return []
        found: list[list[str]] = [[]]
        for word in self._notes.read_text(encoding="utf-8", errors="surrogateescape").split("\0"):
            if word == "\n":
                found.append([])
            else:
                found[-1].append(word)
        return [argv for argv in found if argv != [""]]


class Opened:
    """Which of some files are opened, by anybody, from now on; a file that is not there is made."""

    def __init__(self, paths: Sequence[Path]) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        self._watched: dict[int, Path] = {}
        for path in paths:
            path.touch()
            self._watched[libc.inotify_add_watch(self._fd, os.fsencode(path), _IN_OPEN)] = path

    def close(self) -> list[str]:
        """The files that were opened."""
        found = set()
        with suppress(BlockingIOError):
            data = os.read(self._fd, 64 * 1024)
            at = 0
            while at < len(data):
                number, _, _, length = _EVENT.unpack_from(data, at)
                found.add(str(self._watched[number]))
                at += _EVENT.size + length
        os.close(self._fd)
        return sorted(found)
