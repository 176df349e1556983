"""/permissions: what it shows, what it foretells, and that a grant taken back asks again."""

from __future__ import annotations

from pathlib import Path

import pytest

from ollama_code.agent.feed import Feed
from ollama_code.agent.runtime import Runtime, Tooling
from ollama_code.agent.session import Session
from ollama_code.agent.surroundings import Surroundings
from ollama_code.commands.base import Desk, Say
from ollama_code.commands.registry import run_command
from ollama_code.core.head import Head
from ollama_code.core.permission import Mode
from ollama_code.permissions.gate import Gate
from ollama_code.permissions.grants import Grants
from ollama_code.permissions.policy import Policy
from ollama_code.permissions.rules import Rule
from ollama_code.providers.scripted import ScriptedProvider, says
from ollama_code.storage.grants import ProjectGrants
from ollama_code.tools.todo import TodoList
from ollama_code.workspace.jobs import Jobs
from tests.agent.rig import Kept
from tests.tools.inventory import real_tools

COMMAND = "run_shell_command"
POLICY = Policy(
    allow=(Rule(COMMAND, "git status", "permissions.allow"),),
    ask=(Rule(COMMAND, "make *", ".ollama-code/settings.json"),),
    deny=(Rule("read_file", ".env", "--deny"), Rule(COMMAND, "git push *", "permissions.deny")),
)


class Talk:
    """A session with every tool, whose folder is `root`."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        self.root.mkdir()
        self.grants = Grants(ProjectGrants(folder / "grants.json", self.root))
        self.folder = folder

    async def say(self, line: str, mode: Mode = Mode.DEFAULT) -> str:
        feed = Feed()
        gate = Gate(POLICY, mode, None, feed.emit, self.grants)
        tools = real_tools(self.root)
        tooling = Tooling(tools, gate, feed.emit, Kept(self.folder))
        head = Head(model="m", num_ctx=8192, think=False, system="s", tools=())
        runtime = Runtime(ScriptedProvider((says("."),)), head, tooling)
        look = Surroundings(date="", folder="", system="", mode=mode, person=True)
        session = Session("s", runtime, feed, lambda: look, [])
        jobs = Jobs(self.folder / "jobs", feed.emit)

        async def desk() -> Desk:
            return Desk(session, TodoList(feed.emit), jobs)

        outcome = await run_command(line, desk)
        assert isinstance(outcome, Say)
        return outcome.text


@pytest.fixture
def talk(tmp_path: Path) -> Talk:
    return Talk(tmp_path)


async def test_every_rule_is_shown_with_where_it_comes_from(talk: Talk):
    told = (await talk.say("/permissions")).splitlines()
    for verdict, rules in (("deny", POLICY.deny), ("ask", POLICY.ask), ("allow", POLICY.allow)):
        for rule in rules:
            assert any(
                line.split()[0] == verdict and str(rule) in line and rule.origin in line for line in told
            )


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        ("run_shell_command git status", "would run, because the rule run_shell_command(git status)"),
        (
            "run_shell_command git push origin",
            "would be refused, because the rule run_shell_command(git push *)",
        ),
        (
            "shell make all",
            "would ask, because the rule run_shell_command(make *) (.ollama-code/settings.json)",
        ),
        ("run_shell_command cat .env", "would be refused, because the rule read_file(.env)"),
        ("run_shell_command touch x", "would ask, because default mode asks"),
        ("run_shell_command ls", "would run, because it only reads"),
        ("edit a.txt", "would ask, because default mode asks"),
        ("write_file a.txt", "would ask, because default mode asks"),
        ("edit .git/hooks/x", "would ask, because the path is protected"),
        ("read_file .env", "would be refused"),
        ('read_file {"absolute_path": "a.txt"}', "There is no file a.txt"),
        ("todo_write x", "as JSON"),
        ("nonsense x", "There is no tool named nonsense"),
    ],
)
async def test_it_foretells_what_a_call_would_be_told(talk: Talk, call: str, answer: str):
    assert answer in await talk.say(f"/permissions {call}")


async def test_it_foretells_by_the_mode(talk: Talk):
    assert "would run, because auto-edit mode" in await talk.say("/permissions edit a.txt", Mode.AUTO_EDIT)


async def test_foretelling_runs_nothing_and_is_no_reading(talk: Talk):
    (talk.root / "a.txt").write_text("one")
    await talk.say("/permissions write_file a.txt", Mode.YOLO)
    await talk.say("/permissions run_shell_command touch made", Mode.YOLO)
    assert [path.name for path in talk.root.iterdir() if path.is_file()] == ["a.txt"]
    assert (talk.root / "a.txt").read_text() == "one"


async def test_grants_are_shown_and_taken_back_by_number(talk: Talk):
    talk.grants.give(["run_shell_command(touch x)"])
    await talk.grants.keep(["edit(a.txt)", "edit(a.txt): it adds what cannot be seen"])
    told = await talk.say("/permissions")
    assert "1  for this session       run_shell_command(touch x)" in told
    assert "2  always in this folder  edit(a.txt)\n     although it adds what cannot be seen" in told
    assert "would run" in await talk.say("/permissions edit a.txt")
    assert await talk.say("/permissions remove 2") == "Taken back: edit(a.txt)"
    assert "would ask" in await talk.say("/permissions edit a.txt")
    assert not ProjectGrants(talk.folder / "grants.json", talk.root).read()


async def test_a_grant_that_is_not_there_cannot_be_taken_back(talk: Talk):
    assert "Nothing was allowed" in await talk.say("/permissions remove 7")
    assert "Nothing was allowed" in await talk.say("/permissions remove")
