"""Running a program: an argv list in its own session, its output in order, and an end that spares nobody.

Nothing here knows a shell. No terminal and no input: stdin is `/dev/null`."""

from __future__ import annotations

import asyncio
import codecs
import errno
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.workspace.limits import EXCEEDED, limit_cpu, limited
from ollama_code.workspace.output import Capture
from ollama_code.workspace.tree import MARK_VARIABLE, Tree, new_mark

GRACE_S = 2.0
"""Between SIGTERM and SIGKILL when the time is up."""
CANCEL_GRACE_S = 0.04
"""The same when a person pressed Esc: what we know of is killed within 50 ms."""
DRAIN_S = 0.2
"""How long output is read after the program ended, when something it started still holds the pipe."""

KILLED_BY = 128
"""A shell and bubblewrap add this to the number of the signal that ended a program."""

_READ_BYTES = 64 * 1024
_SETTLE_S = 0.002
_LINGER_S = 1.0
"""Between two looks whether a process group is empty: nothing announces the end of an orphan."""

Sink = Callable[[str], Awaitable[None]]


@dataclass(frozen=True)
class Command:
    """`argv[0]` is a path, or a name looked up in the `PATH` of `environment`. `timeout_s` of `None`: no limit.
    `inherited` are descriptors the program gets besides the standard three."""

    argv: tuple[str, ...]
    directory: str
    environment: Mapping[str, str]
    timeout_s: float | None = None
    inherited: tuple[int, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """`returncode` is the exit code, or the negative number of the signal that ended the program."""

    returncode: int
    duration_s: float
    output: str
    """Standard output and standard error as they came, at most 1 MB: the beginning and the end."""
    omitted_chars: int = 0
    timed_out: bool = False

    @property
    def signal(self) -> str:
        return signal_name(self.returncode)

    @property
    def summary(self) -> str:
        """One line such as "exit code 0 after 1.2 s"."""
        if self.timed_out:
            return f"stopped because its time of {self.duration_s:.1f} s was up"
        return ending(self.returncode, self.duration_s)


def signal_name(returncode: int) -> str:
    """`SIGKILL` for -9; empty for an exit code."""
    if returncode >= 0:
        return ""
    try:
        return signal.Signals(-returncode).name
    except ValueError:
        return f"signal {-returncode}"


def ending(returncode: int, duration_s: float) -> str:
    """With the limit that was exceeded, if one was."""
    how = f"ended by {signal_name(returncode)}" if returncode < 0 else f"exit code {returncode}"
    return ": ".join(filter(None, (f"{how} after {duration_s:.1f} s", exceeded(returncode))))


def exceeded(returncode: int) -> str:
    """Which limit ended a program, a clause; empty when none did."""
    surely, likely = EXCEEDED.get(-returncode, ""), EXCEEDED.get(returncode - KILLED_BY, "")
    return surely or (f"as a rule, {likely}" if likely else "")


async def run(
    command: Command,
    on_output: Callable[[str], None],
    *,
    on_left: Callable[[Running], Awaitable[object]] | None = None,
) -> Outcome:
    """Run to the end, to the timeout or to the cancel; the latter two end the whole tree.

    `on_output` gets live output for a screen, `Outcome.output` is what counts. What the program left running
    in its process group when it ended goes to `on_left`, which then owns it unless it raises, or is ended too.
    Raises: ToolError(INVALID_PARAMS, FILE_NOT_FOUND, PERMISSION_DENIED, SHELL_FAILED) when it cannot start."""
    capture = Capture(on_output)
    running = await start(command, capture.feed)
    try:
        timed_out = not await _ends_in_time(running, command.timeout_s)
        if timed_out:
            await running.end(GRACE_S)
        elif await running.leaves_nobody():
            await running.close()
        else:
            await (on_left(running) if on_left else running.end(GRACE_S))
    except BaseException:  # a cancel, or an `on_left` that could not take over
        await running.end(CANCEL_GRACE_S)
        raise
    finally:
        capture.close()
    kept = capture.kept
    return Outcome(running.returncode, running.duration_s, kept.text(), kept.omitted_chars, timed_out)


async def _ends_in_time(running: Running, timeout_s: float | None) -> bool:
    try:
        async with asyncio.timeout(timeout_s):
            await running.exited()
    except TimeoutError:
        return False
    return True


async def start(command: Command, sink: Sink) -> Running:
    """Start and return at once; `sink` gets every piece of text, in order. The caller owns what it gets and
    awaits `end` or `close`. Raises: as `run`."""
    await asyncio.to_thread(_check, command)
    mark = new_mark()
    child, pipe = _spawn(command, mark)
    return Running(child, pipe, sink, Tree(child.pid, mark))


class Running:
    """A started program: its end, its output, and the power to end everything it started.

    `sink` may be replaced at any time; it gets the pieces that come afterwards."""

    def __init__(self, child: subprocess.Popen[bytes], pipe: int, sink: Sink, tree: Tree) -> None:
        self.pid = child.pid
        self.sink = sink
        self._began = time.monotonic()
        self._ended = 0.0
        self._tree = tree
        self._pipe = pipe
        self._exit: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        os.set_blocking(pipe, False)
        self._reader = asyncio.create_task(self._read())
        # asyncio's own subprocess kills its child when the loop closes, which a detached job must survive, and
        # its `wait` hangs in Python 3.11 while a grandchild holds the pipe (gh-119710).
        threading.Thread(target=self._wait, args=(child, self._exit.get_loop()), daemon=True).start()

    @property
    def returncode(self) -> int:
        """Asked after `exited` or `end`."""
        return self._exit.result() if self._exit.done() else -signal.SIGKILL

    @property
    def duration_s(self) -> float:
        return (self._ended or time.monotonic()) - self._began

    async def exited(self) -> int:
        return await asyncio.shield(self._exit)

    async def drained(self, timeout_s: float | None) -> bool:
        """Whether the output ended: every process that could write to it is gone."""
        done, _ = await asyncio.wait({self._reader}, timeout=timeout_s)
        return bool(done)

    async def leaves_nobody(self) -> bool:
        """Asked after `exited`: whether neither its output nor its process group is still in use. Who is about to
        end is waited for: a sandbox goes a few milliseconds after the program in it."""
        if not await self.drained(DRAIN_S):
            return False
        end = time.monotonic() + DRAIN_S
        while await asyncio.to_thread(self._tree.lingers):
            if time.monotonic() > end:
                return False
            await asyncio.sleep(_SETTLE_S)
        return True

    async def over(self) -> int:
        """Wait until the program and all it left in its process group or at its output are gone."""
        await self.exited()
        await self.drained(None)
        while True:
            if not await asyncio.to_thread(self._tree.lingers):
                return self.returncode
            await asyncio.sleep(_LINGER_S)

    async def end(self, grace_s: float) -> None:
        """End the whole tree, then close. A cancel meanwhile is raised only after that."""
        ending_task = asyncio.create_task(self._end(grace_s))
        cancelled: asyncio.CancelledError | None = None
        while not ending_task.done():
            try:
                await asyncio.shield(ending_task)
            except asyncio.CancelledError as e:
                cancelled = e
        if cancelled is not None:
            raise cancelled

    async def release(self) -> int:
        """Stop reading and give the pipe away: the caller closes the descriptor."""
        await self._stop_reading()
        pipe, self._pipe = self._pipe, -1
        os.set_blocking(pipe, True)
        return pipe

    async def close(self) -> None:
        """Stop reading and let go of the pipe; ends nobody."""
        await self._stop_reading()
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1

    async def _end(self, grace_s: float) -> None:
        await self._tree.end(grace_s)
        await asyncio.wait({self._exit}, timeout=DRAIN_S)  # one stuck in the kernel never ends
        await self.drained(DRAIN_S)
        await self.close()

    async def _stop_reading(self) -> None:
        self._reader.cancel()
        await asyncio.wait({self._reader})

    async def _read(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while data := await self._next():
            if text := decoder.decode(data):
                await self.sink(text)
        if rest := decoder.decode(b"", final=True):
            await self.sink(rest)

    async def _next(self) -> bytes:
        """What is in the pipe, at most 64 KB; waits through the loop, so that a flood leaves others their turn."""
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_reader(self._pipe, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(self._pipe)
        return os.read(self._pipe, _READ_BYTES)

    def _wait(self, child: subprocess.Popen[bytes], loop: asyncio.AbstractEventLoop) -> None:
        returncode = child.wait()
        with suppress(RuntimeError):  # the loop has closed: nobody waits any more
            loop.call_soon_threadsafe(self._note_exit, returncode)

    def _note_exit(self, returncode: int) -> None:
        self._ended = time.monotonic()
        if not self._exit.done():
            self._exit.set_result(returncode)


def _check(command: Command) -> None:
    """Before the start, because the system's own error does not say whether program or directory is missing."""
    if not Path(command.directory).is_dir():
        raise ToolError(f"The directory {command.directory} does not exist.", ErrorType.FILE_NOT_FOUND)
    program = command.argv[0]
    if "/" in program:
        found = (Path(command.directory) / program).exists()
    else:
        found = shutil.which(program, path=command.environment.get("PATH", "")) is not None
    if not found:
        raise ToolError(f"The program {program} is not installed or not in PATH.", ErrorType.FILE_NOT_FOUND)


def _spawn(command: Command, mark: str) -> tuple[subprocess.Popen[bytes], int]:
    """The child and the reading end of its output. Not in a thread, though it blocks for a millisecond: a
    cancel in between would leave a process that nobody knows."""
    reading, writing = os.pipe()
    try:
        with limited():
            child = subprocess.Popen(
                command.argv,
                cwd=command.directory,
                env={**command.environment, MARK_VARIABLE: mark},
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                start_new_session=True,
                pass_fds=command.inherited,
            )
    except (OSError, ValueError) as e:
        os.close(reading)
        raise _cannot_start(command, e) from e
    finally:
        os.close(writing)
    limit_cpu(child.pid)
    return child, reading


def _cannot_start(command: Command, error: OSError | ValueError) -> ToolError:
    program = command.argv[0]
    if isinstance(error, ValueError):
        return ToolError(f"{program} was not started: {error}.", ErrorType.INVALID_PARAMS)
    if isinstance(error, PermissionError):
        name = error.filename or program
        return ToolError(f"{program} was not started: no permission for {name}.", ErrorType.PERMISSION_DENIED)
    if error.errno == errno.E2BIG:
        text = "the command line is longer than the system allows. Write it to a file and run that file."
        return ToolError(f"{program} was not started: {text}", ErrorType.INVALID_PARAMS)
    return ToolError(f"{program} was not started: {error.strerror}.", ErrorType.SHELL_FAILED)
