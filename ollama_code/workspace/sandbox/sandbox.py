"""The walls around the commands of one session: which there are, and a command put inside them."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.workspace.process import Command
from ollama_code.workspace.sandbox.probe import Found, probe
from ollama_code.workspace.sandbox.rungs import Walls
from ollama_code.workspace.sandbox.stand_ins import StandIns
from ollama_code.workspace.sandbox.view import Territory, mounts

_OURS = (str(Path(__file__).resolve().parents[1]), sys.prefix, sys.base_prefix)
"""bash reads a script of ours before a command, and Python runs another, wherever the two are installed."""

_NO_NETWORK = re.compile(
    "network is unreachable|could(?: not|n't) resolve|name resolution|name or service not known|getaddrinfo|ENOTFOUND"
    "|EAI_AGAIN|dns error|no such host|failed to connect|connection refused|network is down",
    re.IGNORECASE,
)
_NO_PROCESS = re.compile("no such process|operation not permitted", re.IGNORECASE)
_NO_WRITING = re.compile("read-only file system|EROFS|permission denied|EACCES|resource busy", re.IGNORECASE)


@dataclass(frozen=True)
class Wishes:
    """What the person set. `network`: every command reaches it. `readable` and `writable` are absolute paths beside
    the project."""

    enabled: bool = True
    required: bool = False
    network: bool = False
    readable: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()


@dataclass(frozen=True)
class Grounds:
    """Where the session works: `roots` are the project and what was added to it, `shown` may be read, `hidden` not
    even inside a root. All absolute. `home` is the person's."""

    roots: tuple[str, ...]
    home: str
    shown: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


class Sandbox:
    """`find` says what this machine offers, which takes some tens of milliseconds, once in a process: `ready` does
    it without blocking, else the first question does."""

    def __init__(self, grounds: Grounds, wishes: Wishes, find: Callable[[], Found] = probe) -> None:
        self._grounds = grounds
        self._wishes = wishes
        self._find = find
        self._private = ""
        self._stand_ins = StandIns(grounds.roots)
        self._laying_out = asyncio.Lock()

    async def ready(self) -> None:
        if self._wishes.enabled:
            await asyncio.to_thread(self._find)

    @property
    def level(self) -> str:
        """For people: "bwrap", "landlock", "landlock, network open", or "no sandbox"."""
        rung = self._found.rung
        if rung is None:
            return "no sandbox"
        return rung.name if rung.closes_network else f"{rung.name}, network open"

    @property
    def holds(self) -> bool:
        """Whether commands can write only where they may."""
        return self._found.rung is not None

    @property
    def closed(self) -> bool:
        """Whether they also have no network but what was approved."""
        rung = self._found.rung
        return rung is not None and rung.closes_network

    @property
    def refuses(self) -> bool:
        """Whether no command may run, because the sandbox that must be is not there."""
        return self._wishes.required and not self.closed

    @property
    def trouble(self) -> str:
        """Why there is no sandbox or none that closes the network, as a clause; empty when there is one."""
        if self.closed:
            return ""
        return "the network cannot be closed" if self.holds else "; ".join(self._found.reasons)

    @property
    def asks_for_network(self) -> bool:
        """Whether a command has no network unless it is asked for."""
        return self.closed and not self._wishes.network

    def check(self) -> None:
        """Raises: ToolError(DENIED) when it `refuses`."""
        if self.refuses:
            raise ToolError(
                f"Commands may only run in a sandbox here (sandbox.required), and there is none: {self.trouble}. "
                "The person can install bubblewrap. Go on with the other tools.",
                ErrorType.DENIED,
            )

    async def confined(self, command: Command, *, network: bool = False) -> Command:
        """`command` with all the walls there are; itself when there are none. Raises: as `check`."""
        await self.ready()
        self.check()
        rung = self._found.rung
        if rung is None:
            return command
        async with self._laying_out:
            await asyncio.to_thread(self._lay_out)
        territory = self._territory(command)
        walls = Walls(await asyncio.to_thread(mounts, territory), network=network or self._wishes.network)
        environment = {
            name: value for name, value in command.environment.items() if name != "XDG_RUNTIME_DIR"
        }
        return rung.wrap(replace(command, environment={**environment, "TMPDIR": "/tmp"}), walls)

    def remarks(self, output: str, *, network: bool) -> Iterator[str]:
        """What a model should know of a command that failed with `output`, when the walls may have done it."""
        if self.asks_for_network and not network and _NO_NETWORK.search(output):
            yield "In the sandbox each command has a network of its own; network=true asks for the real one."
        if self.closed and _NO_PROCESS.search(output):
            yield "In the sandbox a command reaches only its own processes; a job is ended with job and stop=true."
        if self.holds and _NO_WRITING.search(output):
            yield "In the sandbox a command writes only in the project and /tmp, and not what other programs obey."

    async def close(self) -> None:
        """Put away what was laid out. Asked when no command runs any more."""
        await asyncio.to_thread(self._put_away)

    @property
    def _found(self) -> Found:
        if not self._wishes.enabled:
            return Found(None, ("sandbox.enabled is false",))
        return Found(None, ("the project is the whole disk",)) if "/" in self._grounds.roots else self._find()

    def _territory(self, command: Command) -> Territory:
        grounds, wishes = self._grounds, self._wishes
        # In a root it is seen anyway, and where a link that took its place leads, nobody approved.
        start = () if _in_one_of(command.directory, grounds.roots) else (command.directory,)
        return Territory(
            roots=(*grounds.roots, *_real(wishes.writable)),
            private=self._private,
            home=os.path.realpath(grounds.home),
            readable=(*grounds.shown, *wishes.readable, *_OURS, *start),
            hidden=grounds.hidden,
            environment=command.environment,
        )

    def _lay_out(self) -> None:
        """The private folders, once, and in each root what is not there and must be held."""
        self._stand_ins.put()
        if self._private:
            return
        private = Path(tempfile.mkdtemp(prefix="ollama-code-")).resolve()
        (private / "tmp").mkdir()
        (private / "tmp").chmod(0o1777)
        (private / "home").mkdir(mode=0o700)
        (private / "nothing").touch(mode=0o444)
        self._private = str(private)

    def _put_away(self) -> None:
        self._stand_ins.take_away()
        if private := self._private:
            for folder_name, _, _ in os.walk(private):  # Go makes its downloads read-only
                with suppress(OSError):
                    Path(folder_name).chmod(0o700)
            shutil.rmtree(private, ignore_errors=True)
        self._private = ""


def _in_one_of(path: str, roots: tuple[str, ...]) -> bool:
    return any(Path(path).is_relative_to(root) for root in roots)


def _real(paths: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(os.path.realpath(path) for path in paths)
