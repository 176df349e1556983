"""The sandbox of a session: made from the settings, warned of, asked for the network."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from ollama_code.bootstrap.options import Options
from ollama_code.bootstrap.session import open_session
from ollama_code.bootstrap.walls import ModeWatch, make_sandbox, warning
from ollama_code.core.errors import UsageError
from ollama_code.core.events import Event, ModeChanged, Notice
from ollama_code.core.permission import Mode
from ollama_code.paths import Home
from ollama_code.settings import model
from ollama_code.workspace.bash import Line
from ollama_code.workspace.sandbox.rungs import LandlockAlone, Rung, rungs
from ollama_code.workspace.sandbox.sandbox import Grounds, Sandbox, Wishes
from tests.confined import standing_on, unconfined
from tests.e2e.fixtures import program, run, server
from tests.e2e.program import Program, RunInside
from tests.workspace.processes import ENVIRONMENT, until

__all__ = ["program", "run", "server"]

Wish = Callable[[dict[str, object]], None]
OPEN = Rung("landlock", LandlockAlone(), closes_network=False)


def on(rung: Rung | None, folder: Path, wishes: Wishes | None = None) -> Sandbox:
    return standing_on(rung, Grounds((str(folder),), home="/nonexistent"), wishes)


@pytest.mark.parametrize("mode", [Mode.PLAN, Mode.DEFAULT, Mode.AUTO_EDIT])
def test_where_a_person_is_asked_nothing_is_said(tmp_path: Path, mode: Mode) -> None:
    assert warning(on(None, tmp_path), mode) == ""


def test_yolo_without_walls_warns_and_says_why(tmp_path: Path) -> None:
    said = warning(on(None, tmp_path), Mode.YOLO)
    assert said.startswith("yolo mode without a sandbox") and "nothing works here" in said
    assert "sandbox.enabled is false" in warning(unconfined(tmp_path), Mode.YOLO)


def test_yolo_with_an_open_network_warns_of_that(tmp_path: Path) -> None:
    assert "cannot close the network" in warning(on(OPEN, tmp_path), Mode.YOLO)


def test_yolo_within_walls_is_no_reason_to_warn(tmp_path: Path) -> None:
    assert warning(on(next(rungs(0)), tmp_path), Mode.YOLO) == ""


def test_a_sandbox_that_must_be_and_is_not_is_said_in_every_mode(tmp_path: Path) -> None:
    said = warning(on(None, tmp_path, Wishes(required=True)), Mode.DEFAULT)
    assert said.startswith("No command will run")


def test_changing_to_yolo_warns_and_changing_back_does_not(tmp_path: Path) -> None:
    events: list[Event] = []
    watch = ModeWatch(on(None, tmp_path), events.append)
    for mode in (Mode.DEFAULT, Mode.YOLO, Mode.PLAN):
        watch(ModeChanged(mode=mode))
    assert [type(event) for event in events] == [Notice]


@pytest.mark.parametrize("path", ["cache", "../up", "/", "~other/x"])
def test_a_folder_that_cannot_be_meant_is_a_sentence(tmp_path: Path, path: str) -> None:
    with pytest.raises(UsageError, match=r"sandbox\.writable holds"):
        make_sandbox(model.Sandbox(writable=(path,)), Home(tmp_path), (tmp_path,), ())


@pytest.fixture
def wish(run: RunInside, program: Program) -> Wish:
    """Writes the settings of the sandbox."""
    program.state.mkdir(exist_ok=True)

    def write(wishes: dict[str, object]) -> None:
        (program.state / "settings.json").write_text(json.dumps({"sandbox": wishes}))

    return write


async def test_what_is_required_and_missing_is_told_at_the_start(wish: Wish) -> None:
    wish({"enabled": False, "required": True})
    opened = await open_session(Options(), asker=None)
    await opened.close()
    assert any(notice.startswith("No command will run: sandbox.required") for notice in opened.notices)


async def test_the_level_of_a_session_is_known_and_yolo_warns_without(wish: Wish) -> None:
    wish({"enabled": False})
    opened = await open_session(Options(mode="yolo"), asker=None)
    await opened.close()
    assert opened.sandbox.level == "no sandbox"
    assert any(notice.startswith("yolo mode without a sandbox") for notice in opened.notices)


@pytest.mark.parametrize("rule", ["network", "network(npm install)", "network(npm *)"])
async def test_rules_may_speak_of_the_network(run: RunInside, program: Program, rule: str) -> None:
    opened = await open_session(Options(allow=(rule,), deny=(rule,)), asker=None)
    await opened.close()


@pytest.mark.parametrize("detached", [True, False])
async def test_the_private_folder_goes_with_the_session_unless_a_detached_job_uses_it(
    run: RunInside, program: Program, tmp_path: Path, detached: bool
) -> None:
    opened = await open_session(Options(), asker=None)
    if not opened.sandbox.closed:
        pytest.skip("no walls work on this machine")
    line = Line(f"echo > /tmp/{tmp_path.name}; exec sleep 1000", str(program.project), ENVIRONMENT)
    job = await opened.jobs.start(await opened.sandbox.confined(line.command()), line.text)
    await until(lambda: laid_out(tmp_path.name) != [])
    if detached:
        await opened.jobs.detach(job.id)
    await opened.close()
    left = laid_out(tmp_path.name)
    end(job.pid, left)
    assert len(left) == int(detached)


def laid_out(name: str) -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob(f"ollama-code-*/tmp/{name}"))


def end(group: int, left: list[Path]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
    for path in left:
        shutil.rmtree(path.parents[1])
