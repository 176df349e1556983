"""The background commands of a session: started, watched, read, stopped, and ended with the session.

Their output goes to files of bounded size, so a server that talks for a week costs no memory. What must not stay on
the disk is taken out of them when the session ends, for until then the model reads them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.core.events import JobChanged
from ollama_code.ports import Emit
from ollama_code.workspace.process import GRACE_S, Command, Running, ending, start

MOST_RUNNING = 8
LOG_BYTES = 4 << 20
"""A log is at most two files of this size: the current one and the one before."""

_FLOOD_CHARS = 32 * 1024
_FLOOD_PAUSE_S = 0.01

_DRAIN = 'exec 3<&0; ( (ulimit -c 0; ulimit -f "$1"; cat >>"$2"); exec cat >/dev/null) <&3 3<&- &'
"""What reads a detached job's output after us: into its log up to a limit, given in blocks of 512 bytes, then
into nothing, for the job would die of a closed pipe."""


@dataclass(frozen=True)
class Job:
    """`outcome` is empty while it runs, then one line such as "exit code 0 after 1.2 s". `pid` leads the
    process group. `started` is seconds since the epoch."""

    id: str
    pid: int
    command: str
    started: float
    outcome: str = ""
    detached: bool = False


@dataclass
class _Entry:
    job: Job
    running: Running
    log: JobLog
    watcher: asyncio.Task[None] | None = field(default=None)
    stopped: bool = False


class Jobs:
    """`directory` gets the logs and is made when the first job starts; `redact` is a text without what must not stay
    in them."""

    def __init__(self, directory: Path, emit: Emit, redact: Callable[[str], str] = str) -> None:
        self._directory = directory
        self._emit = emit
        self._redact = redact
        self._entries: dict[str, _Entry] = {}
        self._starting = asyncio.Lock()

    def list(self) -> tuple[Job, ...]:
        """All jobs of the session, the ended ones too, in the order they started."""
        return tuple(entry.job for entry in self._entries.values())

    def find(self, id: str) -> Job:
        """Raises: ToolError(INVALID_PARAMS) naming the jobs there are."""
        return self._entry(id).job

    async def start(self, command: Command, text: str) -> Job:
        """Start `command`, known to people as `text`; its timeout is ignored.
        Raises: ToolError when too many run already, or as `process.start`."""
        async with self._starting:
            self._check_room()
            log = await self._new_log()
            return self._add(await start(command, log.write), text, log)

    async def adopt(self, running: Running, text: str) -> Job:
        """Make a job of what a command left behind. Raises: ToolError when too many run already, and then the caller
        still owns it."""
        async with self._starting:
            self._check_room()
            log = await self._new_log()
            running.sink = log.write
            return self._add(running, text, log)

    async def tail(self, id: str, limit_chars: int) -> str:
        """The last `limit_chars` characters of the output, from a line start when one is near.
        Raises: ToolError(INVALID_PARAMS) for an unknown job."""
        return await asyncio.to_thread(self._entry(id).log.tail, limit_chars)

    async def stop(self, id: str) -> Job:
        """End the job and all it started. Raises: ToolError(INVALID_PARAMS) for an unknown job."""
        entry = self._entry(id)
        if not entry.job.outcome:
            entry.stopped = True
            await entry.running.end(GRACE_S)
            await self._settled(entry)
        return entry.job

    async def detach(self, id: str) -> Job:
        """Let the job outlive the session; its log goes on. Raises: ToolError(INVALID_PARAMS) for an unknown
        or ended job."""
        entry = self._entry(id)
        if entry.job.outcome:
            raise ToolError(f"{id} has ended already: {entry.job.outcome}.", ErrorType.INVALID_PARAMS)
        if not entry.job.detached:
            entry.job = replace(entry.job, detached=True)
            await self._hand_over(entry)
        return entry.job

    async def close(self) -> None:
        """End every job that was not detached."""
        entries = self._entries.values()
        mine = [entry for entry in entries if not entry.job.detached and not entry.job.outcome]
        for entry in mine:
            entry.stopped = True
        await asyncio.gather(*(entry.running.end(GRACE_S) for entry in mine))
        for entry in entries:
            if entry.job.detached and entry.watcher is not None:
                entry.watcher.cancel()
            await self._settled(entry)
            if not entry.job.detached:
                await asyncio.to_thread(entry.log.redact, self._redact)

    def _check_room(self) -> None:
        busy = [job.id for job in self.list() if not job.outcome]
        if len(busy) >= MOST_RUNNING:
            raise ToolError(
                f"{len(busy)} background jobs are running already ({', '.join(busy)}). Stop one first."
            )

    def _entry(self, id: str) -> _Entry:
        entry = self._entries.get(id)
        if entry is None:
            known = f"The jobs are: {', '.join(self._entries)}." if self._entries else "There are no jobs."
            raise ToolError(f'There is no job "{id}". {known}', ErrorType.INVALID_PARAMS)
        return entry

    async def _new_log(self) -> JobLog:
        log = JobLog(self._directory / f"job{len(self._entries) + 1}.log")
        await asyncio.to_thread(log.begin)
        return log

    def _add(self, running: Running, text: str, log: JobLog) -> Job:
        job = Job(f"job{len(self._entries) + 1}", running.pid, text, time.time())
        entry = _Entry(job, running, log)
        self._entries[job.id] = entry
        self._emit(JobChanged(job=job.id, command=text))
        entry.watcher = asyncio.create_task(self._watch(entry))
        return job

    async def _watch(self, entry: _Entry) -> None:
        running = entry.running
        outcome = ending(await running.over(), running.duration_s)
        await running.close()
        if entry.stopped:
            outcome = f"stopped after {running.duration_s:.1f} s"
        entry.job = replace(entry.job, outcome=outcome)
        self._emit(JobChanged(job=entry.job.id, command=entry.job.command, outcome=outcome))

    async def _settled(self, entry: _Entry) -> None:
        if entry.watcher is not None:
            await asyncio.wait({entry.watcher})

    async def _hand_over(self, entry: _Entry) -> None:
        """From here on a process of its own reads the output, because we shall be gone before the job."""
        pipe = await entry.running.release()
        try:
            await asyncio.to_thread(_drain_elsewhere, pipe, entry.log.path)
        finally:
            os.close(pipe)


def _drain_elsewhere(pipe: int, log: Path) -> None:
    subprocess.run(
        ["/bin/sh", "-c", _DRAIN, "sh", str(LOG_BYTES // 512), str(log)],
        stdin=pipe,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.defpath},
        start_new_session=True,
        check=True,
    )


class JobLog:
    """The end of an endless text on disk. A full disk loses text, never the job."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._before = path.with_suffix(".old")

    def begin(self) -> None:
        """Empty, whatever an earlier run of the same session left. Raises: ToolError(WRITE_FAILED)."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._before.unlink(missing_ok=True)
            self.path.write_bytes(b"")
        except OSError as e:
            raise ToolError(
                f"The log {self.path} cannot be written: {e.strerror}.", ErrorType.WRITE_FAILED
            ) from e

    async def write(self, text: str) -> None:
        await asyncio.to_thread(self._append, text.encode("utf-8"))
        if len(text) >= _FLOOD_CHARS:
            # A flood waits for us in the pipe: without a pause it would wear out the disk.
            await asyncio.sleep(_FLOOD_PAUSE_S)

    def tail(self, limit_chars: int) -> str:
        data = b""
        for path in (self._before, self.path):
            try:
                with path.open("rb") as file:
                    file.seek(max(0, file.seek(0, os.SEEK_END) - 4 * limit_chars))
                    data += file.read()
            except FileNotFoundError:
                continue
        text = data.decode("utf-8", "replace")
        if len(text) <= limit_chars:
            return text
        cut = text[-limit_chars:]
        line_start = cut.find("\n", 0, limit_chars // 2) + 1
        return cut[line_start:]

    def redact(self, redact: Callable[[str], str]) -> None:
        """Asked when nobody writes any more."""
        try:
            parts = [path.read_bytes() for path in (self._before, self.path) if path.exists()]
            text = b"".join(parts).decode("utf-8", "replace")
            if (kept := redact(text)) != text:
                self._before.write_text(kept, encoding="utf-8")
                self._before.replace(self.path)
        except OSError:
            return

    def _append(self, data: bytes) -> None:
        try:
            with self.path.open("ab") as file:
                file.write(data)
                full = file.tell() >= LOG_BYTES
            if full:
                self.path.replace(self._before)
        except OSError:
            return
