"""Every known attack, played against the real tools; and that the play itself would tell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ollama_code.workspace.sandbox.probe import probe
from tests.security import run
from tests.security.corpus import Case, Ground, World, new_world, read_lines
from tests.security.disk import DISK_OPS, put
from tests.security.judge import faults
from tests.security.stage import staged

DATA = Path(__file__).parents[1] / "data"
AREAS = ("command_allowlist", "path", "symlink", "edit", "settings_trust", "terminal_escape")
LATER = ("python_dev", "nodejs_dev", "golang_dev", "task", "model_storage")
"""Tools that are still to come: their cases wait for them."""


_WALLS = {"sandbox", "sandboxed_shell"}
TOOLS = ("run_shell_command", "read_file", "edit", "glob", "grep_search", "list_directory")
_SOMEBODY = ["-c", "user.name=a", "-c", "user.email=a@b"]


def _cases(name: str) -> list[Case]:
    return [Case.parse(line) for line in read_lines(DATA / name)]


CASES = [case for case in (*_cases("attacks.jsonl"), *_cases("attacks-own.jsonl")) if case.area in AREAS]


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.input.get("tool") not in LATER], ids=lambda case: case.id
)
def test_the_attack_comes_to_what_it_should(case: Case) -> None:
    if _WALLS & {op["op"] for op in case.setup} and probe().rung is None:
        pytest.skip("no sandbox works on this machine")
    assert faults(case) == []


CONTROLS = [case for case in CASES if case.check.get("decision") == "allow" and "tool" in case.input]


@pytest.mark.parametrize("case", CONTROLS, ids=lambda case: case.id)
def test_who_refuses_everything_fails(case: Case) -> None:
    policy = next(op for op in case.setup if op["op"] == "policy")
    nothing = {"op": "policy", **policy, "deny": [*TOOLS, *policy["deny"]]}
    setup = tuple(nothing if op is policy else op for op in case.setup)
    if any(op["op"] == "allowed_dirs" for op in setup):
        pytest.skip("played through the library, which takes no rules")
    assert faults(replace(case, setup=setup))


@pytest.mark.parametrize("tool", LATER)
async def test_a_tool_whose_cases_wait_does_not_exist_yet(tool: str) -> None:
    with new_world() as world:
        async with staged(world) as stage:
            opened = await stage.open()
            assert opened is not None and opened.session.toolset.find(tool) is None


@pytest.mark.parametrize("case", [case for case in CASES if case.check.get("live")], ids=lambda case: case.id)
def test_bash_itself_would_have_made_the_marker(case: Case) -> None:
    with new_world() as world:
        case = case.placed(world)
        _put(case, world)
        for words in (["init", "-q"], [*_SOMEBODY, "commit", "-q", "--allow-empty", "-m", "x"]):
            subprocess.run(["git", *words], cwd=world.workspace, check=True)
        command = case.input["args"]["command"]
        environment = {"PATH": os.environ["PATH"], "HOME": str(world.home)}
        subprocess.run(
            ["/bin/bash", "-c", command], cwd=world.workspace, env=environment, capture_output=True, timeout=20,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert world.mark.exists()


def _put(case: Case, world: World) -> None:
    for op in case.setup:
        if op["op"] in DISK_OPS:
            put(Ground(world, world.workspace), op)


def _line(**fields: object) -> str:
    call = {"tool": "read_file", "args": {"absolute_path": "$W/f.txt"}}
    case = {"id": "X-1", "area": "path", "setup": [], "input": call, "expected": "", "why": "", "check": {}}
    return json.dumps({**case, **fields})


@pytest.mark.parametrize(
    "line",
    [
        "{",
        _line(surprise=1),
        _line(area="nowhere"),
        _line(area="../path"),
        _line(setup=[{"op": "summon"}]),
        _line(setup=[{"op": "policy", "mood": "bad"}]),
        _line(setup=[{"op": "write", "path": "$W/f.txt", "text": "x", "owner": "nobody"}]),
        _line(input={"op": "dance"}),
        _line(input={"op": "start", "cwd": "$W", "flags": ["--yolo"]}),
        _line(input={"tool": "read_file", "args": {"absolute_path": {"$repeat": ["a", "b"]}}}),
        _line(input={"tool": "no_such_tool", "args": {}}),
        _line(check={"smell": True}),
        _line(check={"decision": "maybe"}),
        _line(check={"decision": "allow"}),
        _line(setup=[{"op": "write", "path": "$W/f.txt", "text": "x"}], check={"decision": "not_allow"}),
        _line(setup=[{"op": "write", "path": "$W/f.txt", "text": "x"}], check={"output_excludes": ["x"]}),
        _line(setup=[{"op": "write", "path": "$MARK", "text": ""}], check={"marker_absent": True}),
    ],
)
def test_what_is_not_understood_or_not_met_fails(
    line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cases.jsonl").write_text(f"{line}\n")
    code = run.main([str(tmp_path / "cases.jsonl")])
    *told, last = capsys.readouterr().out.splitlines()
    assert (code, last, len(told)) == (1, "0 passed, 1 failed", 1)


def test_the_runner_counts_the_cases_of_an_area(tmp_path: Path) -> None:
    lines = [_line(), _line(id="X-2", area="edit"), _line(id="X-3", check={"decision": "error"})]
    (tmp_path / "cases.jsonl").write_text("\n".join(lines))
    done = subprocess.run(
        [sys.executable, run.__file__, str(tmp_path / "cases.jsonl"), "--area", "path"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "2 passed, 0 failed\n")
