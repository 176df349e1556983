"""The rungs of the ladder: how each wraps a command. Pure but for looking at names; nothing is started here."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ollama_code.workspace.process import Command
from ollama_code.workspace.sandbox.view import Mount

_BWRAP_PATH = "/usr/bin:/bin:/usr/local/bin:/run/current-system/sw/bin"
"""Not the person's `PATH`: a project could have put itself there."""
_BOOT = "import sys; sys.path.append(sys.argv[1]); import launcher; launcher.main(sys.argv[2:])"
_ROOT_KEEPS = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID")
"""What root needs among its own files and processes; with more it could undo the mounts."""
MOST_TASKS = 4096
"""Processes and threads of one command: room for a large build, none for a program that copies itself without end.
Only in a user namespace of its own: there the kernel counts nothing else that the person runs."""
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/shm")


@dataclass(frozen=True)
class Walls:
    """What is to be built around one command."""

    mounts: tuple[Mount, ...]
    network: bool


@dataclass(frozen=True)
class Rung:
    """`name` is for people. Where not `closes_network`, commands reach it whatever was wished."""

    name: str
    wrap: Callable[[Command, Walls], Command]
    closes_network: bool = True


def rungs(uid: int) -> Iterator[Rung]:
    """From strong to weak. Root needs no user namespace, in which the files of others were nobody's; where it may not
    do without, as in a container, it gets one."""
    program = shutil.which("bwrap", path=_BWRAP_PATH)
    for user in (False, True) if uid == 0 else (True,):
        if program:
            limits = shutil.which("prlimit", path=_BWRAP_PATH)
            yield Rung("bwrap", Bubblewrap(program, user=user, limits=limits))
        yield Rung("landlock", Launcher(user=user))
    yield Rung("landlock", LandlockAlone(), closes_network=False)


@dataclass(frozen=True)
class Bubblewrap:
    """Not `--new-session`: the command leads a session without a terminal already, and its group is how it is ended.
    Not `--die-with-parent`: what a command leaves running becomes a job, and a detached job outlives us."""

    program: str
    user: bool
    limits: str | None = None
    """The program that sets limits from inside, where there is one."""

    def __call__(self, command: Command, walls: Walls) -> Command:
        argv = [self.program, "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
        if self.user:
            argv += ["--unshare-user", "--cap-drop", "ALL"]
        else:
            argv += [
                "--cap-drop",
                "ALL",
                *(word for cap in _ROOT_KEEPS for word in ("--cap-add", f"CAP_{cap}")),
            ]
        if not walls.network:
            argv.append("--unshare-net")
        argv += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
        argv += _mount_words(walls.mounts)
        argv += ["--chdir", command.directory, "--", *self._limited(command.argv)]
        return replace(command, argv=tuple(argv))

    def _limited(self, argv: Sequence[str]) -> Sequence[str]:
        return (self.limits, f"--nproc={MOST_TASKS}", "--", *argv) if self.limits and self.user else argv


@dataclass(frozen=True)
class Start:
    """What starts the launcher: as a module, whose compiled form is kept, out of `folder`."""

    python: str = sys.executable
    folder: str = str(Path(__file__).parent)

    def command(self, command: Command, walls: Walls, words: list[str]) -> Command:
        head = [
            self.python,
            "-I",
            "-S",
            "-c",
            _BOOT,
            self.folder,
            *([] if walls.network else ["--no-network"]),
        ]
        if "LC_CTYPE" not in command.environment:  # Python sets it in the C locale
            head += ["--unset", "LC_CTYPE"]
        return replace(command, argv=(*head, *words, "--directory", command.directory, "--", *command.argv))


@dataclass(frozen=True)
class Launcher:
    """Namespaces and Landlock, without a program that has to be installed."""

    user: bool
    start: Start = Start()

    def __call__(self, command: Command, walls: Walls) -> Command:
        limits = ["--user", "--tasks", str(MOST_TASKS)] if self.user else []
        words = ["--mounts", *limits, *_mount_words(walls.mounts), "--read", "/"]
        for path in ("/dev", *(m.target for m in walls.mounts if m.kind != "ro-bind")):
            words += ["--write", path]
        return self.start.command(command, walls, words)


@dataclass(frozen=True)
class LandlockAlone:
    """Where no namespace may be made nothing can be put elsewhere: what a mount would cover cannot be read, and the
    private `/tmp` is known by its own name."""

    start: Start = Start()

    def __call__(self, command: Command, walls: Walls) -> Command:
        covered = tuple(m.target for m in walls.mounts if m.kind == "tmpfs" or m.source != m.target)
        shown = tuple(m.target for m in walls.mounts if m.source == m.target)
        written = tuple(m.source for m in walls.mounts if m.kind == "bind")
        words = [word for path in (*_readable("/", covered), *shown) for word in ("--read", path)]
        words += [word for path in (*_DEVICES, *written) for word in ("--write", path)]
        elsewhere = {m.target: m.source for m in walls.mounts if m.kind == "bind"}
        private = {"TMPDIR": elsewhere.get("/tmp", "/tmp")}
        command = replace(command, environment={**command.environment, **private})
        return self.start.command(command, walls, words)


def _mount_words(mounts: tuple[Mount, ...]) -> list[str]:
    return [word for m in mounts for word in (f"--{m.kind}", *([m.source] if m.source else []), m.target)]


def _readable(folder: str, covered: tuple[str, ...]) -> Iterator[str]:
    """The entries of `folder` that hold nothing covered, and so on inside those that do."""
    for entry in os.scandir(folder):
        if entry.path in covered or entry.is_symlink():
            continue
        if any(path.startswith(f"{entry.path}/") for path in covered):
            yield from _readable(entry.path, covered)
        else:
            yield entry.path
