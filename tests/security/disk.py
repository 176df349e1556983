"""The setup ops that put something on the disk."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.security.corpus import Ground, Read, Unplayable

Op = Mapping[str, Any]

_GIT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
_SWAP = Path(__file__).with_name("swap.py")


def _write(ground: Ground, op: Op) -> None:
    ground.keep_track(Path(op["path"]))
    _put(Path(op["path"]), encoded(op["text"]), op.get("mode"))


def _write_bytes(ground: Ground, op: Op) -> None:
    _put(Path(op["path"]), bytes.fromhex(op["hex"]), op.get("mode"))


def _write_bytes_name(ground: Ground, op: Op) -> None:
    """The name is bytes that need not be text; placeholders in it are ASCII."""
    op.get("note")  # for people
    name = ground.world.filled(os.fsdecode(bytes.fromhex(op["path_bytes_hex"])))
    _put(Path(name), op.get("text", "").encode(), op.get("mode"))


def encoded(text: str) -> bytes:
    """Half a character stands for a byte that is no text, or for itself."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _put(path: Path, data: bytes, mode: int | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    if mode is not None:
        path.chmod(mode)


def _mkdir(ground: Ground, op: Op) -> None:
    Path(op["path"]).mkdir(parents=True, exist_ok=True)


def _symlink(ground: Ground, op: Op) -> None:
    path = _place(op)
    if path.is_symlink() and not path.is_relative_to(ground.world.workspace.parent):
        path.unlink()  # left over by a case that was killed: it lies outside of the world
    path.symlink_to(op["target"])
    ground.keep_track(path)


def _hardlink(ground: Ground, op: Op) -> None:
    _place(op).hardlink_to(op["target"])


def _fifo(ground: Ground, op: Op) -> None:
    os.mkfifo(_place(op))


def _socket(ground: Ground, op: Op) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(_place(op)))


def _sparse(ground: Ground, op: Op) -> None:
    with _place(op).open("wb") as file:
        file.truncate(op["size"])


def _place(op: Op) -> Path:
    """Where something is to be put; its folder is there."""
    path = Path(op["path"])
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _chmod(ground: Ground, op: Op) -> None:
    Path(op["path"]).chmod(op["mode"])


def _rm(ground: Ground, op: Op) -> None:
    path = Path(op["path"])
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _rename(ground: Ground, op: Op) -> None:
    Path(op["path"]).rename(op["to"])


def _git_init(ground: Ground, op: Op) -> None:
    _git("init", "-q", "-b", "main", op["path"])


def _git_config(ground: Ground, op: Op) -> None:
    _git("-C", op.get("path", str(ground.directory)), "config", op["key"], op["value"])


def _bare_repo(ground: Ground, op: Op) -> None:
    _git("init", "-q", "--bare", op["path"])
    for key, value in op.get("config", {}).items():
        _git("-C", op["path"], "config", key, value)


def _hook(ground: Ground, op: Op) -> None:
    folder = Path(op.get("path", str(ground.directory))) / ".git" / "hooks"
    _put(folder / op["name"], f"#!/bin/sh\n{op['text']}\n".encode(), 0o755)


def _git(*words: str) -> None:
    subprocess.run(["git", *words], check=True, env={**os.environ, **_GIT}, capture_output=True)


def _race(ground: Ground, op: Op) -> None:
    """Another process makes two things of one path, in turn, until the case ends."""
    words = [str(op.get("hz", 2000)), op["swap"], *op["between"]]
    process = subprocess.Popen([sys.executable, "-I", "-S", str(_SWAP), *words], stdout=subprocess.PIPE)
    ground.racers.append(process)
    assert process.stdout is not None
    if process.stdout.read(1) != b"+":
        raise Unplayable(f"cannot race between {op['between']}")


DISK_OPS: dict[str, Callable[[Ground, Op], None]] = {
    "write": _write,
    "write_bytes": _write_bytes,
    "write_bytes_name": _write_bytes_name,
    "mkdir": _mkdir,
    "symlink": _symlink,
    "hardlink": _hardlink,
    "fifo": _fifo,
    "socket": _socket,
    "sparse": _sparse,
    "chmod": _chmod,
    "rm": _rm,
    "rename": _rename,
    "git_init": _git_init,
    "git_config": _git_config,
    "bare_repo": _bare_repo,
    "hook": _hook,
    "race": _race,
}


def put(ground: Ground, op: Op) -> None:
    """Raises: Unplayable for an op that is not of the disk, or has a key that is not understood."""
    do = DISK_OPS.get(op.get("op", ""))
    if do is None:
        raise Unplayable(f"unknown setup op {op.get('op', '')!r}")
    with understood(op) as read:
        do(ground, read)


@contextmanager
def understood(said: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Raises: Unplayable at the end, when a key was not read."""
    read = Read(said)
    read.get("op")
    yield read
    if read.unread:
        raise Unplayable(f"{said.get('op', 'input')} has unknown keys {sorted(read.unread)}")
