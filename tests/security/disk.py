"""The setup ops that put something on the disk."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.security.corpus import Unplayable
from tests.security.stage import Stage

Op = Mapping[str, Any]

_GIT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
_SWAP = Path(__file__).with_name("swap.py")


def _write(stage: Stage, op: Op) -> None:
    _put(Path(op["path"]), encoded(op["text"]), op.get("mode"))


def _write_bytes(stage: Stage, op: Op) -> None:
    _put(Path(op["path"]), bytes.fromhex(op["hex"]), op.get("mode"))


def _write_bytes_name(stage: Stage, op: Op) -> None:
    """The name is bytes that need not be text; placeholders in it are ASCII."""
    name = stage.world.filled(os.fsdecode(bytes.fromhex(op["path_bytes_hex"])))
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


def _mkdir(stage: Stage, op: Op) -> None:
    Path(op["path"]).mkdir(parents=True, exist_ok=True)


def _symlink(stage: Stage, op: Op) -> None:
    path = Path(op["path"])
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink() and not path.is_relative_to(stage.world.workspace.parent):
        path.unlink()  # left over by a case that was killed: it lies outside of the world
    path.symlink_to(op["target"])
    if not path.is_relative_to(stage.world.workspace.parent):
        stage.litter.append(path)


def _hardlink(stage: Stage, op: Op) -> None:
    Path(op["path"]).hardlink_to(op["target"])


def _fifo(stage: Stage, op: Op) -> None:
    os.mkfifo(op["path"])


def _socket(stage: Stage, op: Op) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(op["path"])


def _sparse(stage: Stage, op: Op) -> None:
    with Path(op["path"]).open("wb") as file:
        file.truncate(op["size"])


def _chmod(stage: Stage, op: Op) -> None:
    """A mode says nothing to root, so the call is made by somebody else."""
    Path(op["path"]).chmod(op["mode"])
    stage.unprivileged = True


def _rm(stage: Stage, op: Op) -> None:
    Path(op["path"]).unlink()


def _rename(stage: Stage, op: Op) -> None:
    Path(op["path"]).rename(op["to"])


def _git_init(stage: Stage, op: Op) -> None:
    _git("init", "-q", "-b", "main", op["path"])


def _git_config(stage: Stage, op: Op) -> None:
    _git("-C", op.get("path", str(stage.directory)), "config", op["key"], op["value"])


def _bare_repo(stage: Stage, op: Op) -> None:
    _git("init", "-q", "--bare", op["path"])
    for key, value in op.get("config", {}).items():
        _git("-C", op["path"], "config", key, value)


def _hook(stage: Stage, op: Op) -> None:
    folder = Path(op.get("path", str(stage.directory))) / ".git" / "hooks"
    _put(folder / op["name"], f"#!/bin/sh\n{op['text']}\n".encode(), 0o755)


def _git(*words: str) -> None:
    subprocess.run(["git", *words], check=True, env={**os.environ, **_GIT}, capture_output=True)


def _race(stage: Stage, op: Op) -> None:
    """Another process makes two things of one path, in turn, until the case ends."""
    words = [str(op.get("hz", 2000)), op["swap"], *op["between"]]
    process = subprocess.Popen([sys.executable, "-I", "-S", str(_SWAP), *words], stdout=subprocess.PIPE)
    stage.racers.append(process)
    assert process.stdout is not None
    if process.stdout.read(1) != b"+":
        raise Unplayable(f"cannot race between {op['between']}")


DISK_OPS: dict[str, Callable[[Stage, Op], None]] = {
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
