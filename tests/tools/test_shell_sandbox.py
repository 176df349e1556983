"""run_shell_command and its sandbox: what it asks for, what it says, and that it really runs inside."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.core.permission import Mode, PermissionRequest
from ollama_code.core.results import ToolResult
from ollama_code.permissions.policy import Policy, decide
from ollama_code.permissions.rules import Rule
from ollama_code.tools.base import Call
from ollama_code.tools.shell import RunShellCommand, ShellParams
from ollama_code.workspace.jobs import Jobs
from ollama_code.workspace.local import LocalWorkspace
from ollama_code.workspace.sandbox.probe import probe
from ollama_code.workspace.sandbox.rungs import LandlockAlone, Rung
from ollama_code.workspace.sandbox.sandbox import Grounds, Wishes
from tests.confined import standing_on
from tests.workspace.processes import ENVIRONMENT, alive, unique_seconds
from tests.workspace.sandbox.yard import listener, put

HERE = probe().rung
OPEN = Rung("landlock", LandlockAlone(), closes_network=False)
inside = pytest.mark.skipif(HERE is None or not HERE.closes_network, reason="no walls work on this machine")


class Bench:
    def __init__(self, folder: Path, rung: Rung | None, wishes: Wishes | None = None) -> None:
        self.root = folder / "project"
        self.root.mkdir()
        self.workspace = LocalWorkspace(self.root)
        self.jobs = Jobs(folder / "jobs", lambda event: None)
        grounds = Grounds((str(self.root),), home=str(folder / "home"))
        self.sandbox = standing_on(rung, grounds, wishes)
        self.tool = RunShellCommand(self.workspace, self.jobs, self.sandbox, ENVIRONMENT)

    async def asks(self, **arguments: object) -> PermissionRequest | None:
        return await self.tool.permission(ShellParams.model_validate(arguments), Call("c", 10_000))

    async def said(self, command: str, *, by_person: bool = False, **arguments: object) -> str:
        params = ShellParams.model_validate({"command": command, **arguments})
        async with aclosing(self.tool.stream(params, Call("c", 10_000, by_person=by_person))) as items:
            *_, last = [item async for item in items]
        assert isinstance(last, ToolResult)
        return last.llm_content

    async def close(self) -> None:
        await self.jobs.close()
        await self.sandbox.close()
        self.workspace.close()


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path, HERE)
    yield bench
    await bench.close()


@inside
async def test_the_network_is_a_scope_of_its_own_and_named(bench: Bench) -> None:
    request = await bench.asks(command="npm install", network=True)
    assert request is not None and request.scopes == (
        "run_shell_command(npm install)",
        "network(npm install)",
    )
    assert request.title == "With network access: Run npm install"


@inside
async def test_a_rule_for_the_command_does_not_open_the_network(bench: Bench) -> None:
    request = await bench.asks(command="npm install", network=True)
    assert request is not None
    command, network = Rule("run_shell_command", "npm *", "x"), Rule("network", "npm install", "x")
    assert decide(request, Mode.DEFAULT, Policy(allow=(command,)), ()).verdict == "ask"
    assert decide(request, Mode.DEFAULT, Policy(allow=(command, network)), ()).verdict == "allow"
    assert decide(request, Mode.YOLO, Policy(deny=(network,)), ()).verdict == "deny"


@pytest.mark.parametrize(("rung", "wishes"), [(None, None), (OPEN, None), (HERE, Wishes(network=True))])
async def test_a_network_that_is_open_anyway_is_not_asked_for(
    tmp_path: Path, rung: Rung | None, wishes: Wishes | None
) -> None:
    bench = Bench(tmp_path, rung, wishes)
    request = await bench.asks(command="npm install", network=True)
    await bench.close()
    assert request is not None and request.scopes == ("run_shell_command(npm install)",)


@inside
async def test_a_command_reaches_the_network_only_when_it_said_so(bench: Bench) -> None:
    with listener() as port:
        knock = f"exec 3<>/dev/tcp/127.0.0.1/{port} && echo reached"
        assert "network=true asks for the real one" in await bench.said(knock)
        assert await bench.said(knock, network=True) == "reached\nexit code 0"


@inside
@pytest.mark.parametrize("command", ["cp a.txt ../out.txt", "cp a.txt ../out.txt > out; true"])
async def test_a_line_runs_inside_with_and_without_a_shell(bench: Bench, command: str) -> None:
    put(bench.root / "a.txt")
    assert await bench.said(command) == "(no output)\nexit code 0"  # into a folder of its own
    assert not (bench.root.parent / "out.txt").exists()


@inside
async def test_a_failed_write_outside_is_explained(bench: Bench) -> None:
    said = await bench.said("echo x > /usr/ollama-code-never-written")
    assert said.endswith("and not what other programs obey.")


async def test_what_the_person_typed_runs_outside(bench: Bench) -> None:
    assert await bench.said("echo mine > ../out.txt; pwd", by_person=True) == f"{bench.root}\nexit code 0"
    assert (bench.root.parent / "out.txt").read_text() == "mine\n"


@inside
async def test_a_job_runs_inside_and_is_stopped_by_its_id(bench: Bench, tmp_path: Path) -> None:
    seconds = unique_seconds(tmp_path)
    await bench.said(f"echo x > ../out.txt; echo started; exec sleep {seconds}", is_background=True)
    said = await bench.said("", job="job1", stop=True)
    assert "job1" in said and "stopped after" in said
    assert alive(seconds) == [] and not (bench.root.parent / "out.txt").exists()


async def test_a_job_is_read_or_stopped_without_asking(bench: Bench, tmp_path: Path) -> None:
    await bench.said(f"sleep {unique_seconds(tmp_path)}", is_background=True)
    assert await bench.asks(job="job1", stop=True) is None
    with pytest.raises(ToolError, match="stop ends a job"):
        await bench.asks(command="true", stop=True)


@inside
async def test_the_directory_is_followed_through_the_walls(bench: Bench) -> None:
    (bench.root / "sub").mkdir()
    assert "The working directory is now" in await bench.said("cd sub")
    assert await bench.said("pwd; true") == f"{bench.root}/sub\nexit code 0"


async def test_without_the_sandbox_that_must_be_nobody_is_asked_and_nothing_runs(tmp_path: Path) -> None:
    bench = Bench(tmp_path, None, Wishes(required=True))
    with pytest.raises(ToolError, match="may only run in a sandbox") as refused:
        await bench.asks(command="true")
    assert refused.value.type is ErrorType.DENIED
    with pytest.raises(ToolError):
        await bench.said("echo x > made")
    assert not (bench.root / "made").exists()
    await bench.close()
