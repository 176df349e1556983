"""A command and everything it started, to be ended together.

A process group loses whoever called `setsid`, and a parent's list of children loses orphans. So each command
carries a random mark in its environment, which its descendants inherit: a daemon is found by the mark even
when nothing else ties it to us. Becoming a child subreaper would catch also the one that cleared its
environment, but it is a property of our whole process and would make us the parent of strangers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

MARK_VARIABLE = "OLLAMA_CODE_COMMAND"

_POLL_S = 0.005
_ROUNDS = 100
"""Sweeps until nothing is left: one suffices except against a command that keeps forking."""

_log = logging.getLogger(__name__)


def new_mark() -> str:
    return secrets.token_hex(16)


class Tree:
    """`pid` leads its own session and process group, and has `mark` in its environment."""

    def __init__(self, pid: int, mark: str) -> None:
        # psutil costs 30 ms and only commands need it. It is imported here, while the command already runs,
        # because a cancel must not wait for it.
        import psutil

        self._psutil = psutil
        self._group = pid
        self._mark = mark
        self._root: psutil.Process | None = None
        with contextlib.suppress(psutil.Error):
            self._root = psutil.Process(pid)

    def lingers(self) -> bool:
        """Whether someone still lives in the process group, as after `server &`."""
        if not self._owns_group():
            return False
        try:
            os.killpg(self._group, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return any(_group_of(pid) == self._group and self._alive(pid) for pid in self._psutil.pids())

    async def end(self, grace_s: float) -> None:
        """SIGTERM to all, and SIGKILL to whoever is left after `grace_s`. Returns when nobody is left."""
        members = self._descendants()  # before the first signal: an orphan no longer names its parent
        self._send(members, signal.SIGTERM)
        await asyncio.to_thread(self._sweep, members, grace_s)

    def _descendants(self) -> set[psutil.Process]:
        if self._root is not None and self._lives(self._root):
            with contextlib.suppress(self._psutil.Error):
                return {self._root, *self._root.children(recursive=True)}
        return self._members(set())

    def _sweep(self, known: set[psutil.Process], grace_s: float) -> None:
        end = time.monotonic() + grace_s
        while time.monotonic() < end and any(self._lives(process) for process in known):
            time.sleep(_POLL_S)
        self._send(known, signal.SIGKILL)  # who is known does not wait for the search for the others
        for _ in range(_ROUNDS):
            known = self._members(known)
            if not known:
                return
            self._send(known, signal.SIGKILL)
            time.sleep(_POLL_S)
        _log.warning("processes of a command could not be ended: %s", sorted(p.pid for p in known))

    def _members(self, known: set[psutil.Process]) -> set[psutil.Process]:
        """The living: those of `known`, all that carry the mark or are in the group, and their descendants."""
        owns_group = self._owns_group()
        found = [process for process in known if self._lives(process)]
        children: dict[int, list[psutil.Process]] = defaultdict(list)
        for process in self._psutil.process_iter(["ppid"]):
            children[process.info["ppid"]].append(process)
            if (owns_group and _group_of(process.pid) == self._group) or self._marked(process):
                found.append(process)
        members: set[psutil.Process] = set()
        while found:
            process = found.pop()
            if process not in members and self._lives(process):
                members.add(process)
                found.extend(children[process.pid])
        return members

    def _send(self, members: Iterable[psutil.Process], number: signal.Signals) -> None:
        """To the group in one stroke, which no fork outruns, then to those outside of it one by one."""
        group = self._group if self._owns_group() else None
        if group is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, number)
        for process in members:
            if group is None or _group_of(process.pid) != group:
                with contextlib.suppress(self._psutil.Error):
                    process.send_signal(number)

    def _owns_group(self) -> bool:
        """False once the number of the dead leader has been given to a stranger."""
        try:
            leader = self._psutil.Process(self._group)
        except self._psutil.Error:
            return True
        return leader == self._root or self._marked(leader)

    def _marked(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(MARK_VARIABLE) == self._mark
        except (self._psutil.Error, OSError):
            return False

    def _alive(self, pid: int) -> bool:
        try:
            return self._lives(self._psutil.Process(pid))
        except self._psutil.Error:
            return False

    def _lives(self, process: psutil.Process) -> bool:
        try:
            return process.is_running() and process.status() != self._psutil.STATUS_ZOMBIE
        except self._psutil.Error:
            return False


def _group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except (ProcessLookupError, PermissionError):
        return None
