from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ollama_code.core.errors import ToolError
from ollama_code.core.events import Event, JobChanged
from ollama_code.workspace.jobs import LOG_BYTES, MOST_RUNNING, Job, Jobs
from ollama_code.workspace.limits import CPU_S, FILE_BYTES
from tests.workspace.processes import alive, bash, unique_seconds, until


class Session:
    """Jobs with everything they announced."""

    def __init__(self, tmp_path: Path) -> None:
        self.events: list[Event] = []
        self.directory = tmp_path
        self.logs = tmp_path / "session" / "jobs"
        self.jobs = Jobs(self.logs, self.events.append)

    async def start(self, text: str) -> Job:
        return await self.jobs.start(bash(text, self.directory), text)

    async def ended(self, job: Job) -> Job:
        await until(lambda: bool(self.jobs.find(job.id).outcome))
        return self.jobs.find(job.id)

    async def shows(self, job: Job, text: str) -> None:
        for _ in range(2000):
            if text in await self.jobs.tail(job.id, 10_000):
                return
            await asyncio.sleep(0.005)
        raise AssertionError(f"{text} never came")


@asynccontextmanager
async def opened(tmp_path: Path) -> AsyncIterator[Session]:
    session = Session(tmp_path)
    try:
        yield session
    finally:
        await session.jobs.close()


async def test_a_job_runs_and_its_end_is_announced(tmp_path: Path) -> None:
    async with opened(tmp_path) as session:
        job = await session.start("echo hello; exit 3")
        ended = await session.ended(job)
    assert (job.id, job.outcome) == ("job1", "")
    assert ended.outcome.startswith("exit code 3 after 0.")
    assert session.events == [
        JobChanged(job="job1", command="echo hello; exit 3"),
        JobChanged(job="job1", command="echo hello; exit 3", outcome=ended.outcome),
    ]


async def test_output_can_be_read_while_it_runs(tmp_path: Path) -> None:
    async with opened(tmp_path) as session:
        job = await session.start(f"echo ready; sleep {unique_seconds(tmp_path)}")
        await session.shows(job, "ready\n")
        assert session.jobs.list()[0].outcome == ""


async def test_tail_gives_the_last_whole_lines(tmp_path: Path) -> None:
    async with opened(tmp_path) as session:
        job = await session.start("seq 1 1000")
        await session.ended(job)
        assert await session.jobs.tail(job.id, 11) == "999\n1000\n"


async def test_stop_ends_all_processes_of_a_job(tmp_path: Path) -> None:
    seconds = unique_seconds(tmp_path)
    async with opened(tmp_path) as session:
        job = await session.start(f"(setsid sleep {seconds} &); sleep {seconds}")
        await until(lambda: len(alive(seconds)) == 2)
        stopped = await session.jobs.stop(job.id)
        assert alive(seconds) == []
    assert stopped.outcome.startswith("stopped after ")


async def test_stopping_an_ended_job_changes_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as session:
        ended = await session.ended(await session.start("true"))
        assert await session.jobs.stop("job1") == ended


async def test_close_ends_every_job(tmp_path: Path) -> None:
    seconds = unique_seconds(tmp_path)
    async with opened(tmp_path) as session:
        for _ in range(3):
            await session.start(f"sleep {seconds} & wait")
        await until(lambda: len(alive(seconds)) == 3)
    assert alive(seconds) == []


async def test_close_ends_what_a_job_left_behind(tmp_path: Path) -> None:
    seconds = unique_seconds(tmp_path)
    async with opened(tmp_path) as session:
        await session.start(f"sleep {seconds} >/dev/null 2>&1 &")
        await until(lambda: len(alive(seconds)) == 1)
    assert alive(seconds) == []


async def test_a_job_has_the_limits_of_a_command(tmp_path: Path) -> None:
    async with opened(tmp_path) as session:
        job = await session.start("ulimit -c; ulimit -f; ulimit -t")
        await session.ended(job)
        core, blocks, seconds = (await session.jobs.tail(job.id, 100)).split()
    assert (core, int(blocks) * 1024) == ("0", FILE_BYTES)
    assert CPU_S <= int(seconds) <= CPU_S + time.process_time()


async def test_the_ninth_running_job_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path) as session:
        starts = [session.start(f"sleep {unique_seconds(tmp_path)}") for _ in range(MOST_RUNNING + 1)]
        results = await asyncio.gather(*starts, return_exceptions=True)
        (refused,) = [result for result in results if isinstance(result, ToolError)]
        await session.jobs.stop("job1")
        assert (await session.start("true")).id == "job9"
    assert "8 background jobs are running already (job1, " in str(refused)


async def test_a_flood_leaves_a_bounded_log_with_the_end(tmp_path: Path) -> None:
    async with opened(tmp_path) as session:
        job = await session.start(f"head -c {3 * LOG_BYTES} /dev/zero | tr '\\0' x; echo; echo last")
        await session.ended(job)
        size = sum(path.stat().st_size for path in session.logs.iterdir())
        assert (await session.jobs.tail(job.id, 100)).endswith("x\nlast\n")
    assert size <= 2 * LOG_BYTES + 128 * 1024


async def test_a_detached_job_outlives_the_session_and_goes_on_logging(tmp_path: Path) -> None:
    seconds = unique_seconds(tmp_path)
    os.mkfifo(tmp_path / "go")
    async with opened(tmp_path) as session:
        job = await session.start(f"echo one; read x <go; echo two; sleep {seconds}")
        await session.shows(job, "one\n")
        assert (await session.jobs.detach(job.id)).detached
    await asyncio.to_thread((tmp_path / "go").write_text, "\n")
    await until(lambda: (session.logs / "job1.log").read_text() == "one\ntwo\n")
    os.killpg(job.pid, signal.SIGKILL)


async def test_a_detached_flood_does_not_fill_the_disk(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "go")
    async with opened(tmp_path) as session:
        job = await session.start(f"read x <go; head -c {2 * LOG_BYTES} /dev/zero; touch done")
        await session.jobs.detach(job.id)
    await asyncio.to_thread((tmp_path / "go").write_text, "\n")
    await until((tmp_path / "done").exists)
    assert (session.logs / "job1.log").stat().st_size == LOG_BYTES


async def test_a_detached_job_can_still_be_stopped(tmp_path: Path) -> None:
    seconds = unique_seconds(tmp_path)
    async with opened(tmp_path) as session:
        job = await session.start(f"sleep {seconds}")
        await session.jobs.detach(job.id)
        await session.jobs.stop(job.id)
        assert alive(seconds) == []


async def test_an_ended_job_cannot_be_detached(tmp_path: Path) -> None:
    async with opened(tmp_path) as session:
        await session.ended(await session.start("true"))
        with pytest.raises(ToolError, match="job1 has ended already: exit code 0"):
            await session.jobs.detach("job1")


async def test_an_unknown_job_names_the_known_ones(tmp_path: Path) -> None:
    async with opened(tmp_path) as session:
        with pytest.raises(ToolError, match="There are no jobs"):
            session.jobs.find("job7")
        await session.start("true")
        with pytest.raises(ToolError, match="The jobs are: job1"):
            await session.jobs.tail("job7", 10)


async def test_a_program_that_cannot_start_makes_no_job(tmp_path: Path) -> None:
    async with opened(tmp_path) as session:
        with pytest.raises(ToolError, match="does not exist"):
            await session.jobs.start(bash("true", tmp_path / "missing"), "true")
        assert session.jobs.list() == () and session.events == []


async def test_a_log_of_an_earlier_run_is_not_shown(tmp_path: Path) -> None:
    async with opened(tmp_path) as before:
        await before.ended(await before.start("echo old"))
    async with opened(tmp_path) as session:
        await session.ended(await session.start("echo new"))
        assert await session.jobs.tail("job1", 100) == "new\n"
