from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from ollama_code.core.display import CommandBlock, OutputBlock
from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.core.permission import Kind
from ollama_code.core.results import Progress, ToolResult
from ollama_code.tools.base import Call
from ollama_code.tools.schema import wire_tool
from ollama_code.tools.shell import RunShellCommand, ShellParams
from ollama_code.workspace.jobs import MOST_RUNNING, Jobs
from ollama_code.workspace.local import LocalWorkspace
from tests.confined import unconfined
from tests.workspace.descriptors import open_descriptors
from tests.workspace.processes import ENVIRONMENT, alive, unique_seconds, until


class Bench:
    """The tool on a real folder, `root`, beside which nothing belongs to the workspace."""

    def __init__(self, tmp_path: Path) -> None:
        self.root = tmp_path / "project"
        self.root.mkdir()
        self.workspace = LocalWorkspace(self.root)
        self.jobs = Jobs(tmp_path / "jobs", lambda event: None)
        self.tool = RunShellCommand(self.workspace, self.jobs, unconfined(self.root), ENVIRONMENT)

    async def result(self, *, budget: int = 10_000, **arguments: object) -> ToolResult:
        params = ShellParams.model_validate(arguments)
        async with aclosing(self.tool.stream(params, Call("c", budget))) as items:
            *_, last = [item async for item in items]
        assert isinstance(last, ToolResult)
        return last

    async def said(self, command: str, **arguments: object) -> str:
        return (await self.result(command=command, **arguments)).llm_content


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    await bench.jobs.close()
    bench.workspace.close()


async def test_output_then_exit_code(bench: Bench) -> None:
    assert await bench.said("echo hello; echo oops >&2") == "hello\noops\nexit code 0"


async def test_silence_is_said(bench: Bench) -> None:
    assert await bench.said("true") == "(no output)\nexit code 0"


async def test_non_zero_exit_is_no_fault(bench: Bench) -> None:
    result = await bench.result(command="echo bad; exit 3")
    assert (result.llm_content, result.error) == ("bad\nexit code 3", None)


async def test_people_get_the_output_as_it_came(bench: Bench) -> None:
    display = (await bench.result(command=r"printf '\033[31mred\033[0m'")).return_display
    assert isinstance(display, OutputBlock)
    assert display.output == "\x1b[31mred\x1b[0m" and display.outcome.startswith("exit code 0 after 0.")


async def test_model_gets_it_without_escapes_and_redrawn_lines(bench: Bench) -> None:
    text = r"printf '\033[31mred\033[0m\r\n10%%\r50%%\r100%%\nend\n'"
    assert await bench.said(text) == "red\n100%\nend\nexit code 0"


async def test_binary_output_is_named_not_shown(bench: Bench) -> None:
    assert "(binary output, " in await bench.said("head -c 2000 /bin/bash")


async def test_signal_is_told(bench: Bench) -> None:
    assert await bench.said("kill -9 $$") == "(no output)\nended by SIGKILL"


async def test_a_file_beyond_the_limit_is_explained(bench: Bench) -> None:
    said = await bench.said("exec dd if=/dev/zero of=big bs=1 count=2 seek=1G")
    assert said.endswith("ended by SIGXFSZ: it wrote a file of more than 1 GiB")


COMMANDS = {
    "quotes": ("""echo "it's" '"so"' \\$HOME""", """it's "so" $HOME"""),
    "newlines": ("echo a\n\necho b\n", "a\nb"),
    "here-document": ("cat <<'END'\n$x `y`\nEND", "$x `y`"),
    "comment at the end": ("echo a # nothing", "a"),
    "continued": ("echo a \\\n  b", "a b"),
    "arguments are its own": ('echo "[$#][$1]"', "[0][]"),
    "trace": ("set -x; true", "+ true"),
    "unicode": ("echo 'é 漢 🙂'", "é 漢 🙂"),
    "bash, not sh": ("[[ a == a ]] && echo ${BASH_VERSION:+yes}", "yes"),
    "no leftovers of ours": ("env | grep -c -e BASH_ENV -e DIRECTORY_FD", "0"),
}


@pytest.mark.parametrize(("command", "output"), COMMANDS.values(), ids=COMMANDS)
async def test_the_command_means_what_it_says(bench: Bench, command: str, output: str) -> None:
    assert (await bench.said(command)).rpartition("\nexit code")[0] == output


async def test_a_command_of_50_kilobytes_runs(bench: Bench) -> None:
    assert await bench.said("echo " + "x" * 50_000 + " | wc -c") == "50001\nexit code 0"


async def test_syntax_error_is_bashs_own(bench: Bench) -> None:
    said = await bench.said("if true; then")
    assert "syntax error" in said and said.endswith("exit code 2")


async def test_long_output_comes_whole_for_the_caller_to_bound_and_save(bench: Bench) -> None:
    result = await bench.result(command="seq 1 100000", budget=1000)
    assert result.llm_content.startswith("1\n2\n") and result.llm_content.endswith("100000\nexit code 0")
    assert isinstance(result.return_display, OutputBlock) and len(result.return_display.output) == 588_895


async def test_flood_says_what_was_not_kept(bench: Bench) -> None:
    said = await bench.said("head -c 3000000 /dev/zero | tr '\\0' x")
    assert "1,951,424 characters of output were not kept." in said and len(said) <= 1_100_000


async def test_timeout_is_a_fault_with_the_output_so_far(bench: Bench, tmp_path: Path) -> None:
    seconds = unique_seconds(tmp_path)
    result = await bench.result(command=f"echo so far; sleep {seconds}", timeout=300)
    assert result.llm_content.startswith("so far\nStopped after 300 ms")
    assert result.error is not None and result.error.type == ErrorType.TIMEOUT
    assert alive(seconds) == []


async def test_live_output_comes_before_the_result(bench: Bench, tmp_path: Path) -> None:
    os.mkfifo(bench.root / "go")
    params = ShellParams(command="echo one; read x <go; echo two")
    async with aclosing(bench.tool.stream(params, Call("c", 1000))) as items:
        first = await anext(items)
        await asyncio.to_thread((bench.root / "go").write_text, "\n")
        rest = [item async for item in items]
    assert first == Progress(text="one\n")
    assert isinstance(rest[-1], ToolResult) and rest[-1].llm_content == "one\ntwo\nexit code 0"


async def test_cancel_ends_the_command(bench: Bench, tmp_path: Path) -> None:
    seconds = unique_seconds(tmp_path)
    task = asyncio.create_task(bench.result(command=f"(setsid sleep {seconds} &); sleep {seconds}"))
    await until(lambda: len(alive(seconds)) == 2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert alive(seconds) == []


async def test_a_timeout_ends_every_program_of_a_plain_line(bench: Bench, tmp_path: Path) -> None:
    seconds = unique_seconds(tmp_path)
    result = await bench.result(command=f"sleep {seconds} | cat && sleep {seconds}", timeout=300)
    assert result.error is not None and result.error.type is ErrorType.TIMEOUT
    assert alive(seconds) == []


async def test_closing_the_stream_ends_the_command(bench: Bench, tmp_path: Path) -> None:
    seconds, before = unique_seconds(tmp_path), open_descriptors()
    params = ShellParams(command=f"echo one; sleep {seconds}")
    async with aclosing(bench.tool.stream(params, Call("c", 1000))) as items:
        await anext(items)
    assert alive(seconds) == []
    assert open_descriptors() == before


# --- the directory ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["cd sub", "cd sub; exit 3", "cd sub # there", "set -e; cd sub; false"])
async def test_cd_lasts_and_is_shown(bench: Bench, command: str) -> None:
    (bench.root / "sub").mkdir()
    assert f"The working directory is now {bench.root}/sub." in await bench.said(command)
    assert await bench.said("pwd") == f"{bench.root}/sub\nexit code 0"


@pytest.mark.parametrize(
    "command", ["(cd sub)", "cd sub; exec true", "cd sub; kill -9 $$", "bash -c 'cd sub'"]
)
async def test_a_directory_that_was_not_kept_changes_nothing(bench: Bench, command: str) -> None:
    (bench.root / "sub").mkdir()
    assert "directory" not in await bench.said(command)
    assert await bench.said("pwd") == f"{bench.root}\nexit code 0"


@pytest.mark.parametrize("command", ["cd ..", "cd /", "cd out"])
async def test_cd_out_of_the_workspace_does_not_last(bench: Bench, command: str) -> None:
    (bench.root / "out").symlink_to("/usr")
    assert f"starts in {bench.root} again" in await bench.said(command)
    assert await bench.said("pwd") == f"{bench.root}\nexit code 0"


async def test_a_plain_line_runs_without_a_shell_and_its_directory_lasts(bench: Bench) -> None:
    (bench.root / "sub").mkdir()
    said = await bench.said("cd sub && printenv SHLVL BASH_ENV; pwd")
    assert said == f"{bench.root}/sub\nexit code 0\nThe working directory is now {bench.root}/sub."


async def test_directory_is_for_one_call(bench: Bench) -> None:
    (bench.root / "sub").mkdir()
    assert await bench.said("pwd", directory="sub") == f"{bench.root}/sub\nexit code 0"
    assert await bench.said("pwd") == f"{bench.root}\nexit code 0"


async def test_a_deleted_directory_falls_back_to_the_root(bench: Bench) -> None:
    (bench.root / "sub").mkdir()
    await bench.said("cd sub")
    await bench.said("rmdir ../sub")
    said = await bench.said("pwd")
    assert said == f"{bench.root}\nexit code 0\n{bench.root}/sub is gone: this ran in {bench.root}."


async def test_a_directory_with_a_strange_name_is_followed(bench: Bench) -> None:
    (bench.root / "a 'b' $c").mkdir()
    await bench.said("""cd a*""")
    assert await bench.said("pwd") == f"{bench.root}/a 'b' $c\nexit code 0"


# --- refusals --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "type", "words"),
    [
        ({}, ErrorType.INVALID_PARAMS, "command is empty"),
        ({"command": " \n"}, ErrorType.INVALID_PARAMS, "command is empty"),
        ({"command": "a\0b"}, ErrorType.INVALID_PARAMS, "NUL"),
        ({"command": "a\ud800"}, ErrorType.INVALID_PARAMS, "half a character"),
        ({"command": "ls", "job": "job1"}, ErrorType.INVALID_PARAMS, "not both"),
        ({"job": "job1"}, ErrorType.INVALID_PARAMS, "There are no jobs"),
        ({"command": "ls", "timeout": 0}, ErrorType.INVALID_PARAMS, "from 1 to 600000 milliseconds"),
        ({"command": "ls", "timeout": 600_001}, ErrorType.INVALID_PARAMS, "use is_background"),
        ({"command": "ls", "directory": "gone"}, ErrorType.FILE_NOT_FOUND, "gone does not exist"),
        ({"command": "ls", "directory": "file"}, ErrorType.NOT_A_DIRECTORY, "file is not a directory"),
        ({"command": "true " + "x" * 200_000}, ErrorType.INVALID_PARAMS, "Write it to a file"),
    ],
)
async def test_what_cannot_run_is_refused(
    bench: Bench, arguments: dict[str, object], type: ErrorType, words: str
) -> None:
    (bench.root / "file").write_text("")
    with pytest.raises(ToolError, match=words) as caught:
        await bench.result(**arguments)
    assert caught.value.type == type


async def test_nobody_is_asked_about_what_cannot_run(bench: Bench) -> None:
    with pytest.raises(ToolError):
        await bench.tool.permission(ShellParams(command="ls", directory="gone"), Call("c", 1000))


@pytest.mark.parametrize("directory", ["..", "/usr", "link"])
async def test_a_start_outside_of_the_workspace_is_said_and_does_not_last(
    bench: Bench, directory: str
) -> None:
    (bench.root / "link").symlink_to("/usr")
    request = await bench.tool.permission(ShellParams(command="pwd", directory=directory), Call("c", 1000))
    assert request is not None and request.reach == "outside"
    assert "outside of the workspace" in request.cautions[0].text
    await bench.said("pwd", directory=directory)
    assert await bench.said("pwd") == f"{bench.root}\nexit code 0"


async def test_permission_shows_the_whole_command_and_runs_nothing(bench: Bench) -> None:
    command = "touch made\n" + "x" * 5000 + " > made"
    request = await bench.tool.permission(ShellParams(command=command), Call("c", 1000))
    assert request is not None and request.kind == Kind.EXECUTE
    assert request.scopes == (f"run_shell_command({command})",)
    assert request.seen == ("run_shell_command(touch made)", f"run_shell_command({'x' * 5000})")
    assert request.preview == CommandBlock(command=command, directory=str(bench.root))
    assert not (bench.root / "made").exists()


# --- background ------------------------------------------------------------------------------------------


async def test_background_returns_at_once_and_the_job_can_be_read(bench: Bench, tmp_path: Path) -> None:
    command = f"echo serving; sleep {unique_seconds(tmp_path)}"
    assert "Started job1 (pid " in await bench.said(command, is_background=True)
    await until(lambda: "serving" in (tmp_path / "jobs" / "job1.log").read_text())
    assert await bench.tool.permission(ShellParams(job="job1"), Call("c", 1000)) is None
    read = (await bench.result(job="job1")).llm_content
    assert read.startswith("serving\njob1 (pid ") and ") running for " in read


async def test_an_ended_job_tells_its_exit_code(bench: Bench) -> None:
    await bench.said("echo over; exit 4", is_background=True)
    await until(lambda: bool(bench.jobs.find("job1").outcome))
    assert ") ended: exit code 4 after 0." in (await bench.result(job="job1")).llm_content


async def test_what_a_command_leaves_running_becomes_a_job(bench: Bench, tmp_path: Path) -> None:
    seconds = unique_seconds(tmp_path)
    said = await bench.said(f"mkfifo go; (read x <go; echo served; exec sleep {seconds}) & echo started")
    assert said.startswith("started\nexit code 0\nWhat it left running is now job1 (")
    await asyncio.to_thread((bench.root / "go").write_text, "\n")
    await until(lambda: "served" in (tmp_path / "jobs" / "job1.log").read_text())
    await bench.jobs.stop("job1")
    assert alive(seconds) == []


async def test_what_is_left_running_is_ended_when_its_output_has_no_place(
    bench: Bench, tmp_path: Path
) -> None:
    (tmp_path / "jobs").write_text("in the way")
    seconds = unique_seconds(tmp_path)
    said = await bench.said(f"sleep {seconds} & echo started")
    assert said.startswith("started\nexit code 0\nWhat it left running was ended: The log ")
    assert alive(seconds) == []


async def test_a_ninth_job_is_not_left_running_either(bench: Bench) -> None:
    first, ninth = unique_seconds(bench.root / "first"), unique_seconds(bench.root / "ninth")
    for _ in range(MOST_RUNNING):
        await bench.said(f"sleep {first}", is_background=True)
    said = await bench.said(f"echo started; sleep {ninth} &")
    assert "\nWhat it left running was ended: 8 background jobs are running already" in said
    assert (len(alive(first)), alive(ninth)) == (MOST_RUNNING, [])


async def test_the_job_can_be_stopped_the_way_the_model_is_told(bench: Bench, tmp_path: Path) -> None:
    seconds = unique_seconds(tmp_path)
    said = await bench.said(f"sleep {seconds}", is_background=True)
    assert "end it with stop=true" in said
    assert "(no output)\njob1 (pid " in await bench.said("", job="job1", stop=True)
    assert bench.jobs.find("job1").outcome.startswith("stopped after")
    assert alive(seconds) == []


def test_description_is_short_and_the_schema_flat(bench: Bench) -> None:
    assert len(bench.tool.description) <= 300
    wire = wire_tool(bench.tool.name, bench.tool.description, ShellParams)
    assert "anyOf" not in json.dumps(wire) and "required" not in wire["function"]["parameters"]
