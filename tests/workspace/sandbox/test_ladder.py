"""Which rung is stood on, and what is said and refused where there is none."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.workspace.process import Command, run
from ollama_code.workspace.sandbox import launcher
from ollama_code.workspace.sandbox.probe import climb, probe
from ollama_code.workspace.sandbox.rungs import LandlockAlone, Rung, Walls
from ollama_code.workspace.sandbox.sandbox import Wishes
from tests.unprivileged import folder_of_nobody, run_as_nobody
from tests.workspace.sandbox.yard import RUNGS, Yard, name_of, standing


def bare(command: Command, walls: Walls) -> Command:
    return command


def broken(command: Command, walls: Walls) -> Command:
    return replace(command, argv=("/bin/sh", "-c", "echo no such luck >&2; exit 1"))


ALONE = Rung("landlock", LandlockAlone(), closes_network=False)


def test_a_rung_that_lets_things_out_does_not_hold() -> None:
    assert climb([Rung("paper", bare)]) == replace(climb([]), reasons=("paper: it does not hold",))


def test_a_rung_that_does_not_start_is_passed_over_and_named() -> None:
    found = climb([Rung("bwrap", broken), Rung("paper", bare), RUNGS[-1]])
    assert found.reasons[:2] == ("bwrap: no such luck", "paper: it does not hold")


@pytest.mark.parametrize("number", range(1, len(RUNGS)))
def test_below_every_rung_the_next_one_is_found(number: int) -> None:
    standing(RUNGS[number])
    found = climb([Rung("bwrap", broken), RUNGS[number]])
    assert found.rung == RUNGS[number] and found.reasons == ("bwrap: no such luck",)


def test_the_strongest_rung_that_holds_is_chosen_once_in_a_process() -> None:
    assert probe() is probe()
    assert probe().rung == climb(RUNGS).rung


async def test_a_wall_that_cannot_be_built_runs_nothing(tmp_path: Path) -> None:
    yard = Yard(tmp_path, standing(RUNGS[-1]))
    command = await yard.sandbox.confined(yard.line("echo x > made"))
    gone = tuple(word if word != str(yard.project) else f"{yard.project}/gone" for word in command.argv)
    outcome = await run(replace(command, argv=gone), lambda _: None)
    assert outcome.returncode == launcher.CANNOT_CONFINE and "could not be built" in outcome.output
    assert not (yard.project / "made").exists()
    await yard.sandbox.close()


async def test_without_a_sandbox_a_command_is_itself(tmp_path: Path) -> None:
    yard = Yard(tmp_path, None)
    command = yard.line("true")
    assert await yard.sandbox.confined(command) is command
    assert (yard.sandbox.level, yard.sandbox.trouble) == ("no sandbox", "nothing works here")
    assert not yard.sandbox.asks_for_network and not yard.sandbox.refuses


@pytest.mark.parametrize("rung", [None, ALONE])
async def test_only_required_refuses(tmp_path: Path, rung: Rung | None) -> None:
    yard = Yard(tmp_path, rung, Wishes(required=True))
    with pytest.raises(ToolError, match="may only run in a sandbox") as refused:
        await yard.sandbox.confined(yard.line("true"))
    assert refused.value.type is ErrorType.DENIED


def test_a_network_that_cannot_be_closed_is_said(tmp_path: Path) -> None:
    sandbox = Yard(tmp_path, ALONE).sandbox
    assert sandbox.level == "landlock, network open" and sandbox.trouble == "the network cannot be closed"
    assert sandbox.holds and not sandbox.closed and not sandbox.asks_for_network


async def test_the_whole_disk_as_project_has_no_sandbox(tmp_path: Path) -> None:
    yard = Yard(tmp_path, RUNGS[-1], root="/")
    assert yard.sandbox.trouble == "the project is the whole disk"


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("curl: (6) Could not resolve host: example.org", "network=true"),
        ("npm ERR! code ENOTFOUND", "network=true"),
        ("connect: Connection refused", "network=true"),
        ("touch: cannot touch '/etc/x': Read-only file system", "writes only in the project"),
        ("bash: kill: (123) - No such process", "stop=true"),
    ],
)
def test_a_failure_that_may_be_the_walls_doing_is_explained(tmp_path: Path, output: str, said: str) -> None:
    sandbox = Yard(tmp_path, RUNGS[0]).sandbox
    assert [said in remark for remark in sandbox.remarks(output, network=False)] == [True]


def test_other_failures_are_left_alone(tmp_path: Path) -> None:
    sandbox = Yard(tmp_path, RUNGS[0]).sandbox
    assert list(sandbox.remarks("1 test failed", network=False)) == []
    assert list(sandbox.remarks("could not resolve host", network=True)) == []


_NOBODY = """
import asyncio, os
from pathlib import Path
from ollama_code.workspace.process import run
from ollama_code.workspace.sandbox.probe import Found, trouble_with
from ollama_code.workspace.sandbox.rungs import LandlockAlone, Launcher, Rung, Start, rungs
from tests.workspace.sandbox.yard import Yard

def main(name, folder, python):
    start = Start(python, folder)
    made = {"launcher": Rung("landlock", Launcher(user=True, start=start)),
            "alone": Rung("landlock", LandlockAlone(start), closes_network=False),
            "bwrap": next((rung for rung in rungs(os.geteuid()) if rung.name == "bwrap"), None)}
    rung = made[name]
    trouble = trouble_with(rung) if rung else "it is not installed"
    print("skip " + trouble if trouble else asyncio.run(lives(folder, rung)))

async def lives(folder, rung):
    yard = Yard(Path(folder), rung)
    (yard.home / ".ssh").mkdir()
    (yard.home / ".ssh" / "id").write_text("secret")
    said = await yard.said("id -u; echo x > in; echo x > ../elsewhere/out; cat ~/.ssh/id; umount ~; cat ~/.ssh/id")
    await yard.sandbox.close()
    return [said.split()[0], "secret" in said, (yard.project / "in").exists(), os.listdir(yard.elsewhere)]
"""


@pytest.mark.parametrize("name", ["bwrap", "launcher", "alone"])
def test_it_holds_for_a_person_without_rights(name: str) -> None:
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    assert python, "CI installs it"
    with folder_of_nobody() as folder:
        shutil.copy(launcher.__file__, folder / "launcher.py")
        (folder / "launcher.py").chmod(0o644)
        said = run_as_nobody(_NOBODY, name, folder, python).strip()
    if said.startswith("skip "):
        pytest.skip(f"{name} does not work on this machine: {said[5:]}")
    assert said == "['65534', False, True, []]"


def test_every_rung_has_a_name_of_its_own() -> None:
    assert len({name_of(rung) for rung in RUNGS}) == len(RUNGS)
