"""The command line: what it refuses, with which sentence and which exit code, before anything is asked."""

from __future__ import annotations

import pytest

from ollama_code.core.version import __version__
from tests.e2e.program import NOWHERE, Program, RunInside
from tests.ollama_server import OllamaServer, Reply


def test_the_version_is_one_line(run: RunInside) -> None:
    ran = run("--version")
    assert (ran.code, ran.out) == (0, f"ollama-code {__version__}\n")


def test_help_tells_the_exit_codes(run: RunInside) -> None:
    ran = run("--help")
    assert ran.code == 0
    assert "0 done, 1 failed, 2 usage, 3 something was denied" in ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--no-such-flag",), "--no-such-flag"),
        (("-p", "x", "--mode", "careless"), "careless"),
        (("-p", "x", "--output-format", "xml"), "xml"),
        (("-p", "x", "--max-steps", "0"), "'0' is not a whole number above 0"),
        (("-p", "x", "--num-ctx", "many"), "'many' is not a whole number above 0"),
        (("-p", "x", "--yolo", "--mode", "plan"), "contradict"),
        (("-p", "x", "--demo", "--continue"), "--demo"),
        (("-p", "x", "--serve"), "--serve comes first"),
        (("-p", "x", "--allow", "no_such_tool"), "names no tool"),
        (("-p", "x", "--allow", "run_shell_command(bash *)"), "bash runs any other program"),
        (("-p", "x", "--ollama-url", "ftp://example"), "ftp://"),
        (("-p", "x", "--ollama-url", "127.0.0.1:99999"), "99999"),
        (("-p", "x", "--num-ctx", "100"), "512"),
    ],
)
def test_a_mistake_on_the_command_line_ends_with_2_and_is_named(
    server: OllamaServer, run: RunInside, arguments: tuple[str, ...], said: str
) -> None:
    ran = run(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert server.chats == []


@pytest.mark.parametrize("address", ["local host", "a:b:c", "http://x:99999", "ftp://x", "http://x?y"])
def test_an_address_in_the_environment_that_is_none_is_a_sentence(
    program: Program, run: RunInside, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", address)
    ran = run("-p", "x")
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1


def test_the_flag_wins_over_the_environment(
    server: OllamaServer, run: RunInside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", NOWHERE)
    server.play(Reply(text="Here."))
    assert run("-p", "hi", "--ollama-url", server.url).out == "Here.\n"


def test_the_settings_name_the_server_when_nothing_else_does(
    server: OllamaServer, program: Program, run: RunInside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OLLAMA_HOST")
    program.settings(f'{{"ollama": {{"baseUrl": "{server.url}"}}}}  // comments are fine')
    server.play(Reply(text="Here."))
    assert run("-p", "hi").out == "Here.\n"


def test_a_typo_in_the_settings_is_a_warning(server: OllamaServer, program: Program, run: RunInside) -> None:
    program.settings('{"modle": "x"}')
    server.play(Reply(text="Here."))
    ran = run("-p", "hi")
    assert (ran.code, ran.out) == (0, "Here.\n")
    assert "modle" in ran.err and "Did you mean model?" in ran.err


def test_broken_settings_are_named_with_line_and_column(
    server: OllamaServer, program: Program, run: RunInside
) -> None:
    program.settings('{\n  "model": oops\n}')
    ran = run("-p", "hi")
    assert ran.code == 2
    assert "settings.json:2:12" in ran.err
    assert server.requests == []


def test_a_wrong_value_in_the_settings_is_named(
    server: OllamaServer, program: Program, run: RunInside
) -> None:
    program.settings('{"approvalMode": "careless"}')
    ran = run("-p", "hi")
    assert ran.code == 2
    assert 'approvalMode is "careless"' in ran.err


def test_an_excluded_tool_is_not_offered(server: OllamaServer, program: Program, run: RunInside) -> None:
    program.settings('{"excludeTools": ["shell", "write_file"]}')
    server.play(Reply(text="Hello."))
    run("-p", "hi")
    assert "run_shell_command" not in offered(server)
    assert "write_file" not in offered(server) and "edit" in offered(server)


def test_only_the_core_tools_are_offered(server: OllamaServer, program: Program, run: RunInside) -> None:
    program.settings('{"coreTools": ["read_file", "grep"]}')
    server.play(Reply(text="Hello."))
    run("-p", "hi")
    assert offered(server) == ["read_file", "grep_search"]


def test_an_excluded_call_is_denied_and_the_tool_stays(
    server: OllamaServer, program: Program, run: RunInside
) -> None:
    program.settings('{"excludeTools": ["run_shell_command(rm *)"]}')
    server.play(Reply(text="Hello."))
    run("-p", "hi")
    assert "run_shell_command" in offered(server)


def test_a_tool_of_the_settings_that_does_not_exist_is_named(
    server: OllamaServer, program: Program, run: RunInside
) -> None:
    program.settings('{"excludeTools": ["run_shel_command"]}')
    ran = run("-p", "hi")
    assert ran.code == 2
    assert "run_shel_command" in ran.err and "run_shell_command" in ran.err


def test_the_mode_of_the_settings_holds(server: OllamaServer, program: Program, run: RunInside) -> None:
    program.settings('{"approvalMode": "yolo"}')
    server.play(Reply(text="Hello."))
    run("-p", "hi")
    assert "Mode: yolo" in server.chats[0].body.decode()


def test_a_folder_with_an_odd_name_steers_no_terminal(program: Program) -> None:
    odd = program.folder / "a\x1b[2Jb"
    odd.mkdir()
    inside = Program(odd)
    ran = inside.run("-p", "hi", "--continue")
    assert ran.code == 1
    assert "There is no session to continue in" in ran.err and "\x1b" not in ran.err


def test_a_folder_that_is_gone_is_a_sentence(program: Program, run: RunInside) -> None:
    program.project.rmdir()
    ran = run("-p", "hi")
    assert (ran.code, ran.out) == (2, "")
    assert "does not exist any more" in ran.err


def offered(server: OllamaServer) -> list[str]:
    """Names of the tools that the last request has."""
    tools = server.chats[-1].json()["tools"]
    assert isinstance(tools, list)
    return [tool["function"]["name"] for tool in tools]
