"""What trust changes for a session: settings, mode, rules and commands."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ollama_code.bootstrap.conversation import Conversation
from ollama_code.bootstrap.options import Options
from ollama_code.bootstrap.session import open_session
from ollama_code.bootstrap.trust.effects import governed
from ollama_code.bootstrap.trust.folder import EMPTY, Folder
from ollama_code.commands.base import Follow, Say
from ollama_code.core.errors import UsageError
from ollama_code.core.permission import Mode
from ollama_code.core.trust import Holding
from ollama_code.paths import Home
from ollama_code.settings.flags import Flags
from ollama_code.settings.load import load
from ollama_code.settings.managed import Added
from ollama_code.workspace.belongings import Belongings
from tests.bootstrap.trust.folders import Guest, put, settings
from tests.e2e.fixtures import program, run, server
from tests.e2e.program import Program, RunInside
from tests.ollama_server import Call, OllamaServer, Reply

__all__ = ["program", "run", "server"]
SHELL = Call("run_shell_command", {"command": "touch made"})
GIT = Call("run_shell_command", {"command": "git --version"})
WRITE = Call("write_file", {"file_path": "note.txt", "content": "x"})


@pytest.fixture(autouse=True)
def inside(run: RunInside) -> None:
    """Every test stands in the project folder with the environment of the program."""


@pytest.fixture
async def talk() -> AsyncIterator[Callable[..., Conversation]]:
    made: list[Conversation] = []

    def begin(guest: Guest, **options) -> Conversation:
        made.append(Conversation(Options(**options), guest))
        return made[-1]

    yield begin
    for one in made:
        await one.close()


Talk = Callable[..., Conversation]


async def said(talk: Conversation, line: str) -> None:
    async for _ in talk.say(line):
        pass


async def test_a_trusted_projects_rules_hold_beside_the_persons(
    program: Program, server: OllamaServer, talk: Talk
) -> None:
    settings(program.project, permissions={"deny": ["run_shell_command(touch *)"]})
    server.play(Reply(calls=(SHELL,)), Reply(text="No."))
    await said(talk(guest := Guest(trusts="session"), mode="yolo"), "go")
    assert not (program.project / "made").exists()
    assert "settings.json" in str(server.chats[1].json()["messages"])
    assert guest.asked == []


async def test_a_trusted_project_changes_no_mode_and_is_told_so(program: Program, talk: Talk) -> None:
    settings(program.project, approvalMode="yolo", sandbox={"enabled": False})
    opened = await talk(Guest(trusts="session")).open()
    assert opened.session.mode is Mode.DEFAULT
    told = "\n".join(opened.notices)
    assert "approvalMode is not a project's to set" in told and "sandbox is not" in told


async def test_the_person_is_asked_before_the_server_is(
    program: Program, server: OllamaServer, talk: Talk
) -> None:
    settings(program.project, maxSteps=1)
    asked: list[int] = []

    class Counting(Guest):
        async def trust(self, offer):
            asked.append(len(server.requests))
            return "later"

    await talk(Counting()).open()
    assert asked == [0]


async def test_untrusted_settings_are_not_read_not_even_for_mistakes(program: Program, talk: Talk) -> None:
    put(program.project, ".ollama-code/settings.json", "{ broken")
    opened = await talk(Guest(trusts="later")).open()
    assert "not trusted. Not read: the settings." in "\n".join(opened.notices)


async def test_trusted_settings_with_a_mistake_are_an_error_that_names_the_place(
    program: Program, talk: Talk
) -> None:
    put(program.project, ".ollama-code/settings.json", '{"maxSteps": "many"}')
    with pytest.raises(UsageError, match="maxSteps"):
        await talk(Guest(trusts="session")).open()


async def test_a_bold_mode_of_the_settings_does_not_hold_in_an_untrusted_folder(
    program: Program, server: OllamaServer, talk: Talk
) -> None:
    program.settings('{"approvalMode": "yolo", "permissions": {"allow": ["run_shell_command(git *)"]}}')
    put(program.project, ".ollama-code/commands/x.md", "x")
    server.play(Reply(calls=(GIT, WRITE)), Reply(text="Done."))
    guest = Guest(trusts="later")
    conversation = talk(guest)
    await said(conversation, "go")
    assert [request.tool for request in guest.asked] == ["run_shell_command", "write_file"]
    assert "approvalMode and permissions.allow of your settings do not hold here" in "\n".join(
        conversation.opened.notices if conversation.opened else ()
    )


def test_what_the_machine_allows_waits_for_trust_and_what_it_denies_does_not() -> None:
    rules = Added("/etc/x", allow=("run_shell_command",), ask=("edit",), deny=("read_file(a)",))
    loaded = replace(load(Home(Path("/nonexistent")), {}, Flags()), managed=rules)
    holding = Holding(kind="command", path="x", name="/x", does=(), digest="")
    held = governed(loaded, Folder("untrusted", Belongings(), (holding,)))
    assert held.managed == replace(rules, allow=()) and "permissions.allow" in held.warnings[0]
    assert governed(loaded, EMPTY).managed == rules


async def test_a_mode_said_on_the_command_line_holds_and_still_nothing_is_read(
    program: Program, server: OllamaServer
) -> None:
    settings(program.project, permissions={"deny": ["write_file"]}, maxSteps=1)
    server.play(Reply(calls=(GIT, WRITE)), Reply(text="Done."))
    opened = await open_session(Options(mode="yolo"), asker=None)
    async for _ in opened.session.prompt("go"):
        pass
    await opened.close()
    assert (program.project / "note.txt").exists()
    assert len(server.chats) == 2


async def test_without_a_mode_nobody_lets_git_or_writes_run_in_an_untrusted_folder(
    program: Program, server: OllamaServer
) -> None:
    program.settings('{"approvalMode": "auto-edit", "permissions": {"allow": ["run_shell_command(git *)"]}}')
    settings(program.project, maxSteps=9)
    server.play(Reply(calls=(GIT, WRITE)), Reply(text="Done."))
    opened = await open_session(Options(), asker=None)
    async for _ in opened.session.prompt("go"):
        pass
    await opened.close()
    assert not (program.project / "note.txt").exists()
    assert str(server.chats[1].json()["messages"]).count("nobody is here to approve it") == 2


async def test_a_bare_repository_is_nothing_to_trust(program: Program, talk: Talk) -> None:
    program.settings('{"approvalMode": "auto-edit"}')
    (program.project / ".git").mkdir()
    opened = await talk(guest := Guest()).open()
    assert (opened.session.mode, guest.offers) == (Mode.AUTO_EDIT, [])


async def test_commands_of_a_folder_are_there_once_it_is_trusted(program: Program, talk: Talk) -> None:
    put(program.project, ".ollama-code/commands/ship.md", "Ship it.")
    conversation = talk(guest := Guest(trusts="later"))
    assert isinstance(await conversation.command("/ship"), Say)
    guest.trusts = "session"
    assert "Trusted" in await conversation.reconsider()
    assert isinstance(await conversation.command("/ship"), Follow)
    guest.trusts = "never"
    await conversation.reconsider()
    assert isinstance(await conversation.command("/ship"), Say)


async def test_the_persons_own_commands_need_no_trust(program: Program, talk: Talk) -> None:
    put(program.state, "commands/mine.md", "Mine.")
    put(program.state, "commands/both.md", "Mine.")
    put(program.state, "commands/quit.md", "Not mine to take.")
    put(program.project, ".ollama-code/commands/both.md", "Theirs.")
    conversation = talk(guest := Guest(trusts="later"))
    opened = await conversation.open()
    assert {name: one.origin for name, one in conversation.custom.items()} == {
        "mine": "yours",
        "both": "yours",
    }
    assert "/quit is a command of ollama-code" in "\n".join(opened.notices)
    guest.trusts = "session"
    await conversation.reconsider()
    assert conversation.custom["both"].origin == "project"


async def test_a_command_that_changed_is_asked_about_before_the_next_session_uses_it(
    program: Program, talk: Talk
) -> None:
    file = put(program.project, ".ollama-code/commands/x.md", "Old.")
    conversation = talk(guest := Guest(trusts="always"))
    await conversation.open()
    file.write_text("New.")
    assert conversation.custom["x"].summary == "Old."
    guest.trusts = "later"
    await conversation.clear()
    assert (len(guest.offers), dict(conversation.custom)) == (2, {})


async def test_the_demo_asks_nothing(program: Program, talk: Talk) -> None:
    settings(program.project, maxSteps=1)
    await talk(guest := Guest(), demo=True).open()
    assert guest.offers == []
