"""A typed line: is it a command, which one, and what does it come to."""

from __future__ import annotations

from pathlib import Path

import pytest

from ollama_code.commands.base import (
    Compact,
    Copy,
    Desk,
    Help,
    NewSession,
    Outcome,
    PickModel,
    PullModel,
    Quit,
    Say,
    SwitchModel,
)
from ollama_code.commands.registry import COMMANDS, help_text, is_command, must_wait, run_command
from ollama_code.core.events import Event
from ollama_code.core.permission import Mode
from ollama_code.core.todo import TodoItem
from ollama_code.permissions.policy import Policy
from ollama_code.providers.scripted import says
from ollama_code.tools.todo import TodoList
from ollama_code.workspace.jobs import Jobs
from tests.agent.rig import rig


def nothing(event: object) -> None:
    pass


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    todos = TodoList(nothing, (TodoItem(id="1", content="Look\x1b[2J", status="completed"),))
    session = rig(tmp_path, says("An answer.")).session
    return Desk(session, todos, Jobs(tmp_path / "jobs", nothing))


async def outcome(line: str, desk: Desk) -> Outcome:
    async def given() -> Desk:
        return desk

    return await run_command(line, given)


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("/help", True),
        ("  /mode yolo", True),
        ("/etc/hosts is what?", False),
        ("/", False),
        ("", False),
        ("what is /help?", False),
    ],
)
def test_a_command_is_a_word_behind_a_slash_and_no_path(line: str, answer: bool) -> None:
    assert is_command(line) is answer


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("/help", Help()),
        ("/clear", NewSession()),
        ("/quit", Quit()),
        ("/QUIT", Quit()),
        ("/compact", Compact()),
        ("/model", PickModel()),
        ("/model qwen3:4b", SwitchModel("qwen3:4b")),
        ("/model\tqwen3:4b\n", SwitchModel("qwen3:4b")),
        ("/pull qwen3:4b", PullModel("qwen3:4b")),
        ("/jobs", Say("There are no background jobs.")),
        ("/mode", Say("The mode is default. Change it with /mode plan|default|auto-edit|yolo.")),
        ("/copy", Say("There is no answer to copy yet.")),
    ],
)
async def test_a_command_comes_to_its_outcome(desk: Desk, line: str, wanted: Outcome) -> None:
    assert await outcome(line, desk) == wanted


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/moed yolo", "Did you mean /mode?"),
        ("/xyzzy", "There is no command /xyzzy. /help lists them all."),
        ("/mode careless", 'There is no mode "careless"'),
        ("/pull", "Name the model"),
        ("/jobs stop 7", "7"),
        ("/jobs burn", "Use /jobs"),
        ("/tools", "look"),
        ("/todos", "[x]"),
    ],
)
async def test_a_command_says_what_it_has_to_say(desk: Desk, line: str, said: str) -> None:
    answer = await outcome(line, desk)
    assert isinstance(answer, Say) and said in answer.text


@pytest.mark.parametrize(
    "name", ["help", "todos", "tools", "context", "stats", "jobs", "permissions", "copy", "mode"]
)
def test_what_only_shows_something_need_not_wait(name: str) -> None:
    assert not must_wait(f"/{name}")


@pytest.mark.parametrize("name", ["clear", "compact", "model", "pull", "think", "trust", "quit"])
def test_what_changes_the_conversation_waits(name: str) -> None:
    assert must_wait(f"/{name}")


async def test_the_mode_is_changed(desk: Desk) -> None:
    await outcome("/mode AUTO_EDIT", desk)
    assert desk.session.mode is Mode.AUTO_EDIT


async def test_a_mode_that_the_machine_does_not_let_be_is_none(desk: Desk) -> None:
    heard: list[Event] = []
    desk.session.observe(heard.append)
    desk.session.gate.policy = Policy(boldest=Mode.DEFAULT)
    answer = await outcome("/mode yolo", desk)
    desk.session.set_mode(Mode.AUTO_EDIT)
    assert answer == Say('There is no mode "yolo". The modes are plan, default.')
    assert desk.session.mode is Mode.DEFAULT and heard == []


async def test_the_last_answer_is_copied(tmp_path: Path) -> None:
    rigged = rig(tmp_path, says("First."), says("Second."))
    await rigged.say()
    await rigged.say()
    desk = Desk(rigged.session, TodoList(nothing), Jobs(tmp_path / "jobs", nothing))
    assert await outcome("/copy", desk) == Copy("Second.")


async def test_help_needs_no_session() -> None:
    async def unreachable() -> Desk:
        raise AssertionError("help asked for a session")

    assert await run_command("/help", unreachable) == Help()


def test_help_names_every_command() -> None:
    assert all(f"/{name}" in help_text() for name in COMMANDS)
