"""run_shell_command: one command line in bash, live, ended in time, or kept as a background job.

Owns the directory in which the next command starts. Whether a command may run is not decided here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass

from pydantic import Field

from ollama_code.core.display import CommandBlock, OutputBlock, TextBlock
from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.core.permission import Kind, PermissionRequest
from ollama_code.core.results import Progress, ToolFault, ToolResult
from ollama_code.core.text import clean, one_line, shorten
from ollama_code.permissions.rules import NETWORK
from ollama_code.ports import Place, Workspace
from ollama_code.tools.base import Call, Params, Rank, Tool
from ollama_code.tools.commandline import Intent, facts, for_bash, intent
from ollama_code.tools.schema import PLAIN, RARE
from ollama_code.workspace.bash import Line, Trail
from ollama_code.workspace.jobs import Job, Jobs
from ollama_code.workspace.process import GRACE_S, Command, Outcome, Running, exceeded, run
from ollama_code.workspace.sandbox.sandbox import Sandbox

DEFAULT_TIMEOUT_MS = 120_000
MAX_TIMEOUT_MS = 600_000

_NOTE_CHARS = 80
"""What the line about omitted text takes."""
_REMARKED_CHARS = 8 * 1024
"""How much of a failed command's output is searched for what the sandbox may have done."""
_SAMPLE_CHARS = 512
"""A NUL in this much of the beginning means binary output: the reference's own rule."""


class ShellParams(Params):
    command: str = Field(default="", description="The command line for bash.", json_schema_extra=PLAIN)
    is_background: bool = Field(
        default=False, description="Return at once: for servers.\nIt goes on as a job."
    )
    timeout: int = Field(
        default=DEFAULT_TIMEOUT_MS,
        description=f"Milliseconds until it is stopped, at most {MAX_TIMEOUT_MS} (default {DEFAULT_TIMEOUT_MS}).",
        json_schema_extra=RARE,
    )
    directory: str = Field(
        default="",
        description="Directory to run in; default: where the last command ended.",
        json_schema_extra=RARE,
    )
    job: str = Field(
        default="",
        description="Instead of a command: id of a job whose state and latest output to show.",
        json_schema_extra=PLAIN,
    )
    stop: bool = Field(default=False, description="With job: end it.", json_schema_extra=RARE)
    network: bool = Field(
        default=False,
        description="The command needs the network.\nThe person is asked for it.",
    )
    description: str = Field(
        default="", description="What the command does, in a few words.", json_schema_extra=RARE
    )


@dataclass(frozen=True)
class _Ready:
    """A checked request: where it starts, absolute, and what the result must say about that."""

    line: Line
    intent: Intent
    network: bool
    sandboxed: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Ran:
    outcome: Outcome
    notes: tuple[str, ...]


class RunShellCommand(Tool[ShellParams]):
    name = "run_shell_command"
    kind = Kind.EXECUTE
    rank = Rank.CORE
    params = ShellParams
    argument_aliases = {
        "cmd": "command",
        "script": "command",
        "bash_command": "command",
        "cwd": "directory",
        "dir": "directory",
        "workdir": "directory",
        "working_directory": "directory",
        "background": "is_background",
        "run_in_background": "is_background",
        "job_id": "job",
    }

    def __init__(
        self, workspace: Workspace, jobs: Jobs, sandbox: Sandbox, environment: Mapping[str, str]
    ) -> None:
        """`environment` is all a command gets, see `workspace.environment`."""
        self._workspace = workspace
        self._jobs = jobs
        self._sandbox = sandbox
        self._environment = environment
        self._directory = workspace.root

    def title(self, p: ShellParams) -> str:
        if p.job:
            return f"Stop {p.job}" if p.stop else f"Read the output of {p.job}"
        return f"{'Start' if p.is_background else 'Run'} {one_line(p.command)}"

    async def permission(self, p: ShellParams, call: Call) -> PermissionRequest | None:
        if _reads_job(p):
            self._jobs.find(p.job)
            return None
        ready = await self._ready(p, call)
        self._sandbox.check()
        asks_more = ready.network and self._sandbox.asks_for_network
        known = await facts(ready.intent, self.name, self._workspace)
        return PermissionRequest(
            call_id=call.id,
            tool=self.name,
            kind=self.kind,
            title=f"With network access: {self.title(p)}" if asks_more else self.title(p),
            scopes=(*known.scopes, *(known.scopes_of(NETWORK) if asks_more else ())),
            reach=known.reach,
            seen=known.seen,
            cautions=known.cautions,
            sweeps=known.sweeps,
            named=known.named,
            rests_on=known.rests_on,
            preview=CommandBlock(
                command=p.command, directory=ready.line.directory, background=p.is_background
            ),
        )

    async def stream(self, p: ShellParams, call: Call) -> AsyncGenerator[Progress | ToolResult, None]:
        if _reads_job(p):
            if p.stop:
                await self._jobs.stop(p.job)
            yield await self._job_result(p.job, call)
            return
        ready = await self._ready(p, call)
        command = await self._confined(ready)
        if p.is_background:
            yield _started(await self._jobs.start(command, p.command))
            return
        live: asyncio.Queue[str | None] = asyncio.Queue()
        task = asyncio.create_task(self._run(ready, command, live))
        task.add_done_callback(lambda _: live.put_nowait(None))
        try:
            while (text := await live.get()) is not None:
                yield Progress(text=text)
            yield _finished(p, await task)
        finally:
            task.cancel()
            await asyncio.wait({task})  # ends every process of the command
            if not task.cancelled():
                task.exception()  # seen here, when nobody is left to raise it to

    async def _ready(self, p: ShellParams, call: Call) -> _Ready:
        _check(p)
        directory, notes = await self._start_directory(p.directory)
        timeout_s = None if p.is_background else p.timeout / 1000
        line = Line(p.command, directory, self._environment, timeout_s)
        meant = for_bash(line) if call.by_person else await intent(line, self._workspace)
        return _Ready(line, meant, p.network, not call.by_person, notes)

    async def _confined(self, ready: _Ready) -> Command:
        """What the person typed runs as it would in their own shell."""
        command = ready.intent.command(self._workspace.root)
        if not ready.sandboxed:
            return command
        return await self._sandbox.confined(command, network=ready.network)

    async def _start_directory(self, asked: str) -> tuple[str, tuple[str, ...]]:
        if asked:
            return (await self._existing(asked)).path, ()
        try:
            return await self._inside(self._directory), ()
        except ToolError:
            self._directory, gone = self._workspace.root, self._directory
            return self._directory, (f"{gone} is gone: this ran in {self._directory}.",)

    async def _inside(self, directory: str) -> str:
        """The real path of a directory of the workspace.
        Raises: ToolError(OUTSIDE_WORKSPACE, FILE_NOT_FOUND, NOT_A_DIRECTORY, INVALID_PARAMS)."""
        place = await self._existing(directory)
        if not place.inside:
            raise ToolError(
                f"{directory} is outside of the workspace {self._workspace.root}. Commands start inside of it.",
                ErrorType.OUTSIDE_WORKSPACE,
            )
        return place.path

    async def _existing(self, directory: str) -> Place:
        """Raises: ToolError(FILE_NOT_FOUND, NOT_A_DIRECTORY, INVALID_PARAMS)."""
        place = self._workspace.locate(directory)
        found = await self._workspace.stat(place)
        if found is None:
            raise ToolError(f"The directory {directory} does not exist.", ErrorType.FILE_NOT_FOUND)
        if found.kind != "directory":
            raise ToolError(f"{directory} is not a directory.", ErrorType.NOT_A_DIRECTORY)
        return place

    async def _run(self, ready: _Ready, command: Command, live: asyncio.Queue[str | None]) -> _Ran:
        left: list[str] = []

        async def adopt(running: Running) -> None:
            try:
                job = await self._jobs.adopt(running, ready.line.text)
            except ToolError as e:  # its output has no place: the result of the command is not lost for that
                await running.end(GRACE_S)
                left.append(f"What it left running was ended: {e}")
            else:
                left.append(
                    f"What it left running is now {job.id} (stop it with job={job.id} and stop=true)."
                )

        with Trail() as trail:
            followed = command if ready.intent.plain else trail.on(command)
            outcome = await run(followed, live.put_nowait, on_left=adopt)
            last = trail.last_directory() or ready.intent.ends_in
        if ready.sandboxed and outcome.returncode != 0:
            left.extend(self._sandbox.remarks(outcome.output[-_REMARKED_CHARS:], network=ready.network))
        return _Ran(outcome, (*left, *ready.notes, *await self._follow(ready.line.directory, last)))

    async def _follow(self, before: str, last: str) -> tuple[str, ...]:
        """Remember the directory the command ended in, when it went to another one in the workspace."""
        if not last or last == before:
            return ()
        try:
            self._directory = await self._inside(last)
        except ToolError:
            return (f"The next command starts in {self._directory} again.",)
        return (f"The working directory is now {self._directory}.",)

    async def _job_result(self, id: str, call: Call) -> ToolResult:
        job = self._jobs.find(id)
        state = f"ended: {job.outcome}" if job.outcome else f"running for {time.time() - job.started:.0f} s"
        state = f"{job.id} (pid {job.pid}) {state}"
        output = await self._jobs.tail(id, call.budget_chars)
        return ToolResult(
            llm_content=_bounded(_readable(output), (state,), call.budget_chars),
            return_display=OutputBlock(command=job.command, output=output, outcome=state),
        )


def _reads_job(p: ShellParams) -> bool:
    if p.job and p.command.strip():
        raise ToolError("Give either command or job, not both.", ErrorType.INVALID_PARAMS)
    if p.stop and not p.job:
        raise ToolError("stop ends a job: give its id as job.", ErrorType.INVALID_PARAMS)
    return bool(p.job)


def _check(p: ShellParams) -> None:
    if not p.command.strip():
        raise ToolError("The command is empty. Give the command line to run.", ErrorType.INVALID_PARAMS)
    if "\0" in p.command or any("\ud800" <= letter <= "\udfff" for letter in p.command):
        raise ToolError(
            "The command holds a NUL or half a character, which no program can receive. Write it without.",
            ErrorType.INVALID_PARAMS,
        )
    if not 1 <= p.timeout <= MAX_TIMEOUT_MS:
        raise ToolError(
            f"timeout is {p.timeout}, but it must be from 1 to {MAX_TIMEOUT_MS} milliseconds. "
            "For what runs longer, use is_background.",
            ErrorType.INVALID_PARAMS,
        )


def _started(job: Job) -> ToolResult:
    text = (
        f"Started {job.id} (pid {job.pid}) in the background. Read its output with job={job.id}; "
        "end it with stop=true too."
    )
    return ToolResult(llm_content=text, return_display=TextBlock(text=text))


def _finished(p: ShellParams, ran: _Ran) -> ToolResult:
    """The whole of what was kept: `agent.execute` shortens it to the window and saves the rest."""
    outcome = ran.outcome
    ending, fault = _ending(outcome), None
    if outcome.timed_out:
        ending = f"Stopped after {p.timeout} ms: it did not end in time."
        fault = ToolFault(message=ending, type=ErrorType.TIMEOUT)
        ending += " Give a longer timeout, or use is_background for what never ends by itself."
    cut = (f"{outcome.omitted_chars:,} characters of output were not kept.",) if outcome.omitted_chars else ()
    return ToolResult(
        llm_content="\n".join((_readable(outcome.output) or "(no output)", *cut, ending, *ran.notes)),
        return_display=OutputBlock(command=p.command, output=outcome.output, outcome=outcome.summary),
        error=fault,
    )


def _ending(outcome: Outcome) -> str:
    after = f" after {outcome.duration_s:.0f} s" if outcome.duration_s >= 1 else ""
    how = f"ended by {outcome.signal}" if outcome.signal else f"exit code {outcome.returncode}"
    return ": ".join(filter(None, (f"{how}{after}", exceeded(outcome.returncode))))


def _readable(output: str) -> str:
    """For the model: no escape sequences, and of a line that was drawn over again only what stayed."""
    if "\0" in output[:_SAMPLE_CHARS]:
        return f"(binary output, {len(output):,} characters, not shown)"
    drawn = (line.rstrip("\r").rpartition("\r")[2] for line in output.split("\n"))
    return clean("\n".join(drawn)).rstrip("\n")


def _bounded(output: str, lines: tuple[str, ...], budget_chars: int) -> str:
    """The output, shortened in its middle so that what is said about it fits too."""
    said = "\n".join(lines)
    room = max(0, budget_chars - len(said) - _NOTE_CHARS)
    text = output if len(output) <= room else shorten(output, room).text
    return f"{text or '(no output)'}\n{said}"
