from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
import time
from pathlib import Path

import pytest

from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.workspace.limits import CPU_S
from ollama_code.workspace.process import Command, Outcome, run, start
from tests.workspace.descriptors import open_descriptors
from tests.workspace.processes import ENVIRONMENT, alive, bash, unique_seconds, until


async def ran(text: str, directory: Path, timeout_s: float | None = 30.0) -> Outcome:
    return await run(bash(text, directory, timeout_s), lambda _: None)


async def cancelled_once(text: str, directory: Path, ready: str) -> None:
    """Run `text`, cancel when a process with the argument `ready` lives, wait for the end."""
    task = asyncio.create_task(ran(text, directory))
    await until(lambda: bool(alive(ready)))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_output_and_errors_come_merged_in_order(tmp_path: Path) -> None:
    outcome = await ran("echo one; echo two >&2; echo three", tmp_path)
    assert (outcome.output, outcome.returncode) == ("one\ntwo\nthree\n", 0)


async def test_output_without_final_newline_is_whole(tmp_path: Path) -> None:
    assert (await ran("printf abc", tmp_path)).output == "abc"


@pytest.mark.parametrize("code", [1, 2, 127, 255])
async def test_exit_code_is_reported(tmp_path: Path, code: int) -> None:
    outcome = await ran(f"exit {code}", tmp_path)
    assert (outcome.returncode, outcome.signal) == (code, "")


async def test_signal_is_named(tmp_path: Path) -> None:
    outcome = await ran("kill -SEGV $$", tmp_path)
    assert (outcome.signal, outcome.returncode) == ("SIGSEGV", -signal.SIGSEGV)
    assert outcome.summary.startswith("ended by SIGSEGV after 0.")


async def test_stdin_is_empty(tmp_path: Path) -> None:
    assert (await ran("cat; echo end", tmp_path)).output == "end\n"


async def test_runs_in_the_directory_with_only_its_environment(tmp_path: Path) -> None:
    command = Command(("/bin/sh", "-c", 'pwd; echo "$A$HOME"'), str(tmp_path), {"A": "a"})
    assert (await run(command, lambda _: None)).output == f"{tmp_path}\na\n"


async def test_character_torn_between_two_writes_is_whole(tmp_path: Path) -> None:
    text = r"printf '\xe2\x82'; read -t 0.2 <> <(:); printf '\xac!'"
    assert (await ran(text, tmp_path)).output == "€!"


async def test_binary_output_becomes_replacement_characters(tmp_path: Path) -> None:
    outcome = await ran(r"printf '\xff\x00\xc3'", tmp_path)
    assert outcome.output == "\ufffd\0\ufffd"


async def test_flood_keeps_beginning_and_end_and_leaves_the_loop_its_turns(tmp_path: Path) -> None:
    turns = 0

    async def tick() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0.001)

    ticking = asyncio.create_task(tick())
    outcome = await ran("echo first; head -c 200000000 /dev/zero | tr '\\0' x; echo; echo last", tmp_path)
    ticking.cancel()
    assert outcome.output.startswith("first\n") and outcome.output.endswith("\nlast\n")
    assert len(outcome.output) < 1_100_000 and outcome.omitted_chars > 198_000_000
    assert turns > 20


async def test_flood_is_stopped_by_the_timeout(tmp_path: Path) -> None:
    outcome = await ran("yes", tmp_path, timeout_s=0.3)
    assert outcome.timed_out and len(outcome.output) < 1_100_000


async def test_live_output_comes_while_the_command_runs(tmp_path: Path) -> None:
    seconds = unique_seconds(tmp_path)
    pieces: list[str] = []
    task = asyncio.create_task(run(bash(f"echo early; sleep {seconds}", tmp_path), pieces.append))
    await until(lambda: "".join(pieces) == "early\n")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_live_output_of_a_flood_comes_in_small_pieces(tmp_path: Path) -> None:
    pieces: list[str] = []
    await run(bash("head -c 3000000 /dev/zero | tr '\\0' x; echo last", tmp_path), pieces.append)
    assert max(map(len, pieces)) < 8 * 1024 + 100
    assert pieces[-1].endswith("last\n")


async def test_background_child_at_the_pipe_does_not_hang_and_is_ended(tmp_path: Path) -> None:
    seconds = unique_seconds(tmp_path)
    outcome = await ran(f"sleep {seconds} & echo started", tmp_path)
    assert outcome.output == "started\n"
    assert alive(seconds) == []


async def test_what_is_left_running_can_be_taken_over(tmp_path: Path) -> None:
    seconds, left = unique_seconds(tmp_path), []

    async def take(running: object) -> None:
        left.append(running)

    await run(bash(f"sleep {seconds} >/dev/null 2>&1 & echo started", tmp_path), lambda _: None, on_left=take)
    assert len(alive(seconds)) == 1
    await left[0].end(0.1)
    assert alive(seconds) == []


async def test_daemon_that_left_the_group_and_the_pipe_survives_a_normal_end(tmp_path: Path) -> None:
    seconds = unique_seconds(tmp_path)
    await ran(
        f"setsid sleep {seconds} >/dev/null 2>&1 & disown; until pgrep -f {seconds}; do :; done", tmp_path
    )
    (daemon,) = alive(seconds)
    os.kill(daemon, signal.SIGKILL)


async def test_timeout_ends_the_command_and_keeps_the_output_so_far(tmp_path: Path) -> None:
    seconds = unique_seconds(tmp_path)
    outcome = await ran(f"echo so far; sleep {seconds}", tmp_path, timeout_s=0.3)
    assert outcome.timed_out and outcome.output == "so far\n"
    assert outcome.summary.startswith("stopped because its time")
    assert alive(seconds) == []


TREES = {
    "a plain child": "sleep {0}",
    "one that ignores SIGTERM": "trap '' TERM; sleep {0}; sleep {0}",
    "grandchildren": "(sleep {0} & sleep {0}) & wait",
    "its own session": "setsid --wait sleep {0}",
    "a double fork in its own session": "(setsid sleep {0} &) ; sleep {0}",
    "a daemon that ignores SIGTERM": "(trap '' TERM; setsid sleep {0} >/dev/null 2>&1 &) ; sleep {0}",
    "a child without our mark": "env -i setsid --wait sleep {0} & env -i sleep {0}",
    "one that forks when told to end": "trap 'setsid sleep {0} & exit' TERM; sleep {0} & wait",
    "a stopped child": "sleep {0} & until grep -q sleep /proc/$!/comm; do :; done; kill -STOP $!; wait",
    "many": "for i in {{1..60}}; do (setsid sleep {0} & sleep {0}) & done; wait",
    "one that forks again and again": "f() {{ while :; do sleep {0} & sleep 0.01; done; }}; f & f & f & sleep {0}",
}


@pytest.mark.parametrize("tree", TREES.values(), ids=TREES)
async def test_cancel_leaves_nobody(tmp_path: Path, tree: str) -> None:
    seconds = unique_seconds(tmp_path)
    await cancelled_once(tree.format(seconds), tmp_path, ready=seconds)
    assert alive(seconds) == []


@pytest.mark.parametrize("tree", TREES.values(), ids=TREES)
async def test_timeout_leaves_nobody(tmp_path: Path, tree: str) -> None:
    seconds = unique_seconds(tmp_path)
    await ran(tree.format(seconds), tmp_path, timeout_s=0.2)
    assert alive(seconds) == []


async def test_second_cancel_does_not_stop_the_killing(tmp_path: Path) -> None:
    seconds = unique_seconds(tmp_path)
    task = asyncio.create_task(ran(f"trap '' TERM; sleep {seconds}; sleep {seconds}", tmp_path))
    await until(lambda: bool(alive(seconds)))
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert alive(seconds) == []


async def test_sigterm_comes_before_sigkill(tmp_path: Path) -> None:
    await ran("trap 'echo bye >said; exit' TERM; while :; do sleep 0.01; done", tmp_path, timeout_s=0.3)
    assert (tmp_path / "said").read_text() == "bye\n"


@pytest.mark.parametrize("text", ["true", "sleep 0.01 & true", "exec 1>&- 2>&-; true", "yes | head -n 9"])
async def test_no_descriptor_is_left_behind(tmp_path: Path, text: str) -> None:
    await ran("true", tmp_path)
    before = open_descriptors()
    for _ in range(3):
        await ran(text, tmp_path)
    assert open_descriptors() == before


async def test_limits_hold_in_the_child_from_its_first_moment(tmp_path: Path) -> None:
    look = Command(("/bin/sh", "-c", "ulimit -c; ulimit -f"), str(tmp_path), ENVIRONMENT)
    seen = {(await run(look, lambda _: None)).output for _ in range(10)}
    assert seen == {f"0\n{(1 << 30) // 512}\n"}


async def test_no_process_computes_without_end(tmp_path: Path) -> None:
    text = f"ulimit -t; while [ $(ulimit -t) != {CPU_S} ]; do :; done; bash -c 'ulimit -t'"
    first, inherited = (await ran(text, tmp_path)).output.split()
    assert CPU_S <= int(first) <= CPU_S + time.process_time() and int(inherited) == CPU_S


async def test_who_used_more_than_a_command_may_can_still_start_one(tmp_path: Path) -> None:
    """The limit is set on ourselves for a moment, and what was used before counts."""
    code = """
import asyncio, sys, time
from ollama_code.workspace import limits
from ollama_code.workspace.process import Command, run
limits.CPU_S = 1
while time.process_time() < 1.2:
    pass
print(asyncio.run(run(Command(("/bin/echo", "started"), "/", {}), lambda _: None)).output)
"""
    child = Command((sys.executable, "-c", code), str(Path(__file__).parents[2]), dict(os.environ))
    assert (await run(child, lambda _: None)).output == "started\n\n"


async def test_a_process_that_used_its_time_is_ended_and_that_is_told(tmp_path: Path) -> None:
    outcome = await ran("ulimit -St 1; while :; do :; done", tmp_path)
    assert outcome.signal == "SIGXCPU" and "600 s of processor time" in outcome.summary


async def test_own_limits_stay_as_they_were(tmp_path: Path) -> None:
    every = (resource.RLIMIT_FSIZE, resource.RLIMIT_CPU, resource.RLIMIT_CORE)
    before = [resource.getrlimit(which) for which in every]
    await ran("true", tmp_path)
    assert [resource.getrlimit(which) for which in every] == before


@pytest.mark.parametrize(
    ("argv", "directory", "type", "words"),
    [
        (("no-such-program",), "", ErrorType.FILE_NOT_FOUND, "no-such-program is not installed"),
        (("/no/such/program",), "", ErrorType.FILE_NOT_FOUND, "/no/such/program is not installed"),
        (("true",), "missing", ErrorType.FILE_NOT_FOUND, "missing does not exist"),
        (("./plain",), "", ErrorType.PERMISSION_DENIED, "no permission"),
        (("./broken",), "", ErrorType.SHELL_FAILED, "Exec format error"),
        (("echo", "a\0b"), "", ErrorType.INVALID_PARAMS, "null byte"),
        (("echo", "x" * 200_000), "", ErrorType.INVALID_PARAMS, "Write it to a file"),
    ],
    ids=["name", "path", "directory", "not executable", "not a program", "NUL", "too long"],
)
async def test_what_cannot_start_says_why(
    tmp_path: Path, argv: tuple[str, ...], directory: str, type: ErrorType, words: str
) -> None:
    (tmp_path / "plain").write_text("text")
    (tmp_path / "broken").write_bytes(b"\0\1\2")
    (tmp_path / "broken").chmod(0o755)
    before = open_descriptors()
    with pytest.raises(ToolError, match=words) as caught:
        await run(Command(argv, str(tmp_path / directory), ENVIRONMENT), lambda _: None)
    assert caught.value.type == type
    assert open_descriptors() == before


async def test_closing_ends_nobody(tmp_path: Path) -> None:
    seconds = unique_seconds(tmp_path)

    async def ignore(text: str) -> None:
        pass

    running = await start(bash(f"sleep {seconds}", tmp_path), ignore)
    await running.close()
    await until(lambda: bool(alive(seconds)))
    await running.end(0.1)
    assert alive(seconds) == []


async def test_nobody_is_left_when_nobody_can_take_over(tmp_path: Path) -> None:
    seconds = unique_seconds(tmp_path)

    async def refuse(running: object) -> None:
        raise ToolError("no room")

    with pytest.raises(ToolError, match="no room"):
        await run(bash(f"sleep {seconds} & echo started", tmp_path), lambda _: None, on_left=refuse)
    assert alive(seconds) == []
