"""Trust and commands from files as a person meets them: the real program, its terminal and its pipes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.program import Program, messages_of
from tests.e2e.terminal import CTRL_D, terminal
from tests.ollama_server import Call, OllamaServer, Reply

READY = "tiny:latest"
SETTLED_S = 0.7
"""A question takes no key in its first half second."""
TITLE = "Do you trust this folder?"
TOUCH = Call("run_shell_command", {"command": "touch made"})


def put(program: Program, path: str, content: object) -> Path:
    file = program.project / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def on_screen(program: Program, *arguments: str):
    environment = program.all_environment(TEXTUAL_DISABLE_KITTY_KEY="1")
    return terminal(program.command(*arguments), program.project, environment)


def test_the_full_screen_asks_first_and_remembers(program: Program, server: OllamaServer) -> None:
    put(
        program,
        ".ollama-code/commands/make.md",
        "---\ndescription: Make it\n---\nIt is !{touch made && echo 4$((1+1))}",
    )
    server.play(Reply(text="I see it."))
    with on_screen(program) as screen:
        screen.until(TITLE, "touch made")
        assert server.requests == []
        screen.during(SETTLED_S)
        screen.type("2")
        screen.until(READY)
        screen.enter("/make now ")
        screen.until("Yes, once")
        assert not (program.project / "made").exists()
        screen.during(SETTLED_S)
        screen.type("1")
        screen.until("I see it.")
    assert (program.project / "made").exists()
    said = str(messages_of(server.chats[-1])[-1]["content"])
    assert "It is 42" in said and said.endswith("now")
    with on_screen(program) as screen:
        assert TITLE not in screen.until(READY)


def test_an_enter_that_was_not_meant_for_it_trusts_nothing(program: Program) -> None:
    put(program, ".ollama-code/settings.json", {"maxSteps": 1})
    with on_screen(program) as screen:
        screen.until(TITLE)
        screen.during(SETTLED_S)
        screen.enter("")
        screen.until("not trusted")
    assert not (program.state / "trust.json").exists()


def test_the_plain_prompt_asks_too(program: Program, server: OllamaServer) -> None:
    put(program, ".ollama-code/commands/look.md", "Look at {{args}}.")
    server.play(Reply(text="Looked."))
    with on_screen(program, "--plain") as screen:
        screen.until(TITLE, "/look", "1-4>")
        screen.during(SETTLED_S)
        screen.enter("3")
        screen.until("ctx")
        screen.enter("/help")
        screen.until("/look", "Look at {{args}}. (project)", "ctx")
        screen.enter("/look that")
        screen.until("Looked.", "ctx")
        screen.type(CTRL_D)
        assert screen.ended() == 0
    assert str(messages_of(server.chats[-1])[-1]["content"]).endswith("Look at that.")


@pytest.mark.parametrize("content", [{"hooks": {"SessionStart": [{"command": "touch made"}]}}, "{ broken"])
def test_without_a_person_nothing_of_the_folder_is_read(
    program: Program, server: OllamaServer, content: object
) -> None:
    put(program, ".ollama-code/settings.json", content)
    server.play(Reply(text="Done."))
    ran = program.run("-p", "hi")
    assert (ran.code, ran.out) == (0, "Done.\n")
    assert "This folder is not trusted. " in ran.err and "the settings." in ran.err
    assert not (program.project / "made").exists()


def test_without_a_person_trust_that_was_given_holds_until_something_changes(
    program: Program, server: OllamaServer
) -> None:
    file = put(
        program, ".ollama-code/settings.json", {"permissions": {"deny": ["run_shell_command(touch *)"]}}
    )
    with on_screen(program) as screen:
        screen.until(TITLE)
        screen.during(SETTLED_S)
        screen.type("2")
        screen.until(READY)
    server.play(Reply(calls=(TOUCH,)), Reply(text="Held."), Reply(calls=(TOUCH,)), Reply(text="Made."))
    assert program.run("--yolo", "-p", "go").code == 3
    assert not (program.project / "made").exists()
    file.write_text("{}")
    ran = program.run("--yolo", "-p", "go")
    assert "not trusted" in ran.err
    assert (program.project / "made").exists()


def test_settings_above_the_folder_are_nobodys(program: Program, server: OllamaServer) -> None:
    (program.folder / ".ollama-code").mkdir()
    (program.folder / ".ollama-code" / "settings.json").write_text('{"maxSteps": 1}')
    server.play(Reply(text="Done."))
    ran = program.run("-p", "hi")
    assert (ran.code, ran.err) == (0, "")


def test_a_folder_with_a_bare_repository_shows_no_question(program: Program) -> None:
    (program.project / ".git").mkdir()
    with on_screen(program) as screen:
        assert TITLE not in screen.until(READY)


def test_without_a_person_a_command_of_ones_own_is_filled_in(program: Program, server: OllamaServer) -> None:
    (program.state / "commands").mkdir(parents=True)
    (program.state / "commands" / "tell.md").write_text("Tell of {{args}}: @{note.txt}")
    put(program, "note.txt", "all is well")
    server.play(Reply(text="Told."))
    ran = program.run("-p", "/tell this", stdin=b"piped words")
    said = str(messages_of(server.chats[0])[-1]["content"])
    assert (ran.code, ran.out) == (0, "Told.\n")
    assert "Tell of this: " in said and "all is well" in said and "piped words" in said


@pytest.mark.parametrize("mode", ["default", "yolo"])
def test_without_a_person_no_command_in_a_file_runs(
    program: Program, server: OllamaServer, mode: str
) -> None:
    (program.state / "commands").mkdir(parents=True)
    (program.state / "commands" / "make.md").write_text("Made: !{touch made}")
    ran = program.run("-p", "/make", "--mode", mode, "--allow", "run_shell_command(touch *)")
    assert (ran.code, server.chats) == (3, [])
    assert "each one in it asks, and nobody is here to approve it" in ran.err
    assert not (program.project / "made").exists()


def test_without_a_person_commands_of_an_untrusted_folder_are_words(
    program: Program, server: OllamaServer
) -> None:
    put(program, ".ollama-code/commands/tell.md", "Tell.")
    server.play(Reply(text="What?"))
    program.run("-p", "/tell")
    assert str(messages_of(server.chats[0])[-1]["content"]).endswith("/tell")
