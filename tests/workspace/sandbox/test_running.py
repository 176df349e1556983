"""Inside the walls a command runs as it does without: its output, its end, its directory, and being ended."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from ollama_code.workspace.bash import Trail
from ollama_code.workspace.jobs import Jobs
from ollama_code.workspace.limits import CPU_S
from ollama_code.workspace.process import Running, run
from ollama_code.workspace.sandbox.rungs import MOST_TASKS, Rung
from tests.workspace.processes import alive, unique_seconds, until
from tests.workspace.sandbox.yard import Yard, bystander, on_walls, put


async def test_output_exit_code_and_directory_are_the_same(yard: Yard) -> None:
    outcome = await yard.ran("echo one; echo two >&2; pwd; exit 7")
    assert (outcome.output, outcome.returncode) == (f"one\ntwo\n{yard.project}\n", 7)


async def test_it_is_the_same_user_with_the_same_environment(yard: Yard) -> None:
    plain = await run(replace(yard.line("id -u; env | sort")), lambda _: None)
    walled = await yard.said("id -u; env | sort")
    differing = set(plain.output.splitlines()) ^ set(walled.splitlines())
    names = {line.partition("=")[0] for line in differing} - {
        "OLLAMA_CODE_COMMAND",
        "TMPDIR",
        "XDG_RUNTIME_DIR",
    }
    assert names == set()


async def test_a_broken_pipe_ends_a_program_silently(yard: Yard) -> None:
    assert await yard.said('yes | head -n 1; echo "${PIPESTATUS[@]}"') == "y\n141 0\n"


async def test_a_program_that_dies_of_a_signal_has_its_number(yard: Yard) -> None:
    outcome = await yard.ran("kill -SEGV $$")
    assert outcome.returncode in (-signal.SIGSEGV, 128 + signal.SIGSEGV)


async def test_the_last_directory_is_told(yard: Yard) -> None:
    (yard.project / "sub").mkdir()
    with Trail() as trail:
        command = trail.on(await yard.sandbox.confined(yard.line("cd sub")))
        await run(command, lambda _: None)
        assert trail.last_directory() == str(yard.project / "sub")


async def test_a_cancel_ends_everything_even_what_left_the_group(yard: Yard, tmp_path: Path) -> None:
    seconds = unique_seconds(tmp_path)
    text = f"trap '' TERM; setsid sleep {seconds} & (trap '' TERM; sleep {seconds}) & sleep {seconds}"
    task = asyncio.create_task(yard.ran(text))
    await until(lambda: len(alive(seconds)) == 3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert alive(seconds) == []


async def test_a_program_has_time_to_end_in_order(yard: Yard) -> None:
    text = "trap 'sleep 0.2; echo tidied > done; exit' TERM; echo up > up; while :; do sleep 0.01; done"
    command = await yard.sandbox.confined(replace(yard.line(text), timeout_s=1.0))
    outcome = await run(command, lambda _: None)
    assert outcome.timed_out and (yard.project / "done").read_text() == "tidied\n"


async def test_what_it_leaves_running_becomes_a_job_that_can_be_stopped(yard: Yard, tmp_path: Path) -> None:
    jobs, seconds = Jobs(tmp_path / "jobs", lambda event: None), unique_seconds(tmp_path)

    async def adopt(running: Running) -> None:
        await jobs.adopt(running, "left")

    command = await yard.sandbox.confined(yard.line(f"sleep {seconds} & echo started"))
    outcome = await run(command, lambda _: None, on_left=adopt)
    assert outcome.output == "started\n" and len(alive(seconds)) == 1
    await jobs.stop("job1")
    assert alive(seconds) == []
    await jobs.close()


async def test_a_job_that_is_stopped_leaves_nobody(yard: Yard, tmp_path: Path) -> None:
    jobs, seconds = Jobs(tmp_path / "jobs", lambda event: None), unique_seconds(tmp_path)
    await jobs.start(
        await yard.sandbox.confined(yard.line(f"setsid sleep {seconds} & sleep {seconds}")), "two"
    )
    await until(lambda: len(alive(seconds)) == 2)
    await jobs.close()
    assert alive(seconds) == []


async def test_many_commands_start_at_once(yard: Yard) -> None:
    outcomes = await asyncio.gather(*(yard.ran(f"echo {number} > n{number}") for number in range(6)))
    assert [outcome.returncode for outcome in outcomes] == [0] * 6
    assert len(list(yard.project.glob("n*"))) == 6


@on_walls
async def test_processes_outside_are_out_of_reach(yard: Yard) -> None:
    with bystander() as other:
        await yard.ran(f"kill -9 {other.pid}; kill -9 {os.getpid()}")
        assert other.poll() is None
    said = await yard.said(f"tr '\\0' '\\n' < /proc/{os.getpid()}/environ | grep -c PYTEST")
    assert said.splitlines()[-1] == "0"


async def test_a_file_has_a_largest_size(yard: Yard) -> None:
    outcome = await yard.ran("truncate -s 2G big")
    assert outcome.returncode != 0 and (yard.project / "big").stat().st_size == 0


async def test_no_process_computes_without_end(yard: Yard) -> None:
    first, inherited = (await yard.said("ulimit -t; bash -c 'ulimit -t'; ulimit -c")).split()[:2]
    assert CPU_S <= int(inherited) <= int(first) <= CPU_S + time.process_time()


async def test_a_command_that_starts_outside_of_the_project_may_look_there(yard: Yard) -> None:
    put(yard.home / "work" / "a", "seen")
    command = replace(yard.line("cat a; echo x > b"), directory=str(yard.home / "work"))
    outcome = await run(await yard.sandbox.confined(command), lambda _: None)
    assert outcome.output.startswith("seen") and not (yard.home / "work" / "b").exists()


@on_walls
async def test_a_command_cannot_copy_itself_without_end(yard: Yard, rung: Rung) -> None:
    if not getattr(rung.wrap, "user", False):
        pytest.skip("a limit counts all that the user runs where there is no user namespace")
    assert (await yard.said("ulimit -Hu")).strip() == str(MOST_TASKS)
