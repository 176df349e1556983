"""What the person does between turns reaches the model with the next message."""

from __future__ import annotations

from pathlib import Path

import pytest

from ollama_code.agent.errands import read_for_person, run_for_person
from ollama_code.agent.feed import Feed
from ollama_code.agent.runtime import Tooling
from ollama_code.core.errors import ToolError
from ollama_code.core.permission import Mode
from ollama_code.permissions.gate import Gate
from ollama_code.permissions.policy import Policy
from ollama_code.tools.builtin import Parts, builtin
from ollama_code.tools.files.ledger import ReadLedger
from ollama_code.tools.todo import TodoList
from ollama_code.workspace.environment import child_environment
from ollama_code.workspace.jobs import Jobs
from ollama_code.workspace.local import LocalWorkspace
from tests.agent.rig import Kept
from tests.confined import unconfined


@pytest.fixture
async def tooling(tmp_path: Path):
    events: list = []
    feed = Feed(events.append)
    workspace = LocalWorkspace(tmp_path)
    jobs = Jobs(tmp_path / "jobs", feed.emit)
    environment = child_environment({"PATH": "/usr/bin:/bin"}, ())
    parts = Parts(
        workspace,
        ReadLedger(),
        jobs,
        unconfined(tmp_path),
        TodoList(feed.emit),
        None,
        feed.emit,
        environment,
        sees_images=False,
        withheld=lambda path: False,
    )
    gate = Gate(Policy(), Mode.PLAN, None, feed.emit)
    yield Tooling(builtin(parts), gate, feed.emit, Kept(tmp_path)), events
    await jobs.close()
    workspace.close()


async def test_a_command_of_the_person_runs_in_any_mode_and_is_told(tooling):
    told = await run_for_person(tooling[0], "echo one; echo two")
    assert told.startswith("The person ran this command:\n$ echo one; echo two\none\ntwo")
    kinds = [e.type for e in tooling[1]]
    assert (kinds[0], kinds[-1]) == ("tool_started", "tool_finished")


async def test_files_and_folders_are_read_each_under_its_path(tooling, tmp_path: Path):
    (tmp_path / "a.txt").write_text("alpha\n")
    (tmp_path / "sub").mkdir()
    text = await read_for_person(tooling[0], ("a.txt", "sub", "no/such.py", "property"), 4000)
    assert "--- a.txt ---\nalpha" in text and "--- sub ---" in text
    assert "no/such.py ---\n(not readable" in text and "property" not in text


async def test_a_switched_off_tool_is_said_in_words(tooling):
    bare = Tooling(
        tooling[0].toolset.only(["read_file"], ()), tooling[0].gate, tooling[0].emit, tooling[0].outputs
    )
    with pytest.raises(ToolError, match="settings"):
        await run_for_person(bare, "true")
