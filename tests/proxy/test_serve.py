"""The command: what it prints, what it refuses to do, and that it ends when it is told to."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from anthropic import Anthropic
from openai import OpenAI

from ollama_code.frontends.proxy.flags import read_flags
from ollama_code.frontends.proxy.serve import bound_socket
from tests.e2e.program import Program
from tests.ollama_server import OllamaServer, Reply
from tests.proxy.client import user

REMOTE = ("--host", "0.0.0.0", "--allow-remote", "--auth-token", "x" * 32)


@pytest.fixture
def program(tmp_path: Path, server: OllamaServer) -> Program:
    folder = tmp_path / "program"
    folder.mkdir()
    return Program(folder, server.url)


def started(lines: Iterator[bytes]) -> dict[str, str]:
    """The variables for clients that the program prints, read as they come."""
    variables: dict[str, str] = {}
    for line in lines:
        if line.startswith(b"export "):
            name, _, value = line.decode().strip().removeprefix("export ").partition("=")
            variables[name] = value
        if "ANTHROPIC_AUTH_TOKEN" in variables:
            break
    return variables


def test_the_printed_lines_are_all_a_client_needs(program: Program, server: OllamaServer):
    server.play(Reply(text="Hello."), Reply(text="Hello too."))
    with program.running("--serve", "-p", "0") as running:
        printed = started(running.lines())
        with OpenAI(base_url=printed["OPENAI_BASE_URL"], api_key=printed["OPENAI_API_KEY"]) as client:
            first = client.chat.completions.create(model="tiny", messages=[user("Hi.")])
        base, token = printed["ANTHROPIC_BASE_URL"], printed["ANTHROPIC_AUTH_TOKEN"]
        with Anthropic(base_url=base, auth_token=token) as client:
            second = client.messages.create(model="tiny", max_tokens=50, messages=[user("Hi.")])
        running.signal(signal.SIGTERM)
        ended = running.ended()
    assert (first.choices[0].message.content, second.content[0].text) == ("Hello.", "Hello too.")
    assert (ended.code, ended.err) == (0, "")
    assert len(printed["OPENAI_API_KEY"]) >= 32


def test_a_token_of_ones_own_is_not_printed(program: Program):
    with program.running("--serve", "-p", "0", "--auth-token", "plum-and-cherry") as running:
        printed = started(running.lines())
        key = {"authorization": "Bearer plum-and-cherry"}
        answer = httpx.get(f"{printed['OPENAI_BASE_URL']}/models", headers=key, trust_env=False)
    assert answer.status_code == 200 and "plum" not in str(printed)


def test_the_token_lies_in_a_file_for_the_owner_alone_while_the_server_runs(program: Program):
    with program.running("--serve", "-p", "0") as running:
        printed = started(running.lines())
        file = program.state / "proxy" / f"token-{printed['OPENAI_BASE_URL'].split(':')[2].split('/')[0]}"
        assert file.read_text().strip() == printed["OPENAI_API_KEY"]
        assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
        running.signal(signal.SIGTERM)
        running.ended()
    assert not file.exists()


def test_where_no_file_can_be_kept_it_serves_all_the_same(program: Program, server: OllamaServer):
    program.state.mkdir()
    (program.state / "proxy").write_text("a file where the folder should be")
    with program.running("--serve", "-p", "0") as running:
        printed = started(running.lines())
        key = {"authorization": f"Bearer {printed['OPENAI_API_KEY']}"}
        answer = httpx.get(f"{printed['OPENAI_BASE_URL']}/models", headers=key, trust_env=False)
        running.signal(signal.SIGTERM)
        ended = running.ended()
    assert (answer.status_code, ended.code) == (200, 0) and "token could not be kept in" in ended.err


def test_with_reload_the_server_is_a_child_that_ends_with_its_parent(program: Program):
    with program.running("--serve", "-p", "0", "--reload", "--no-auth") as running:
        url = started(running.lines())["OPENAI_BASE_URL"].removesuffix("/v1")
        assert httpx.get(f"{url}/health", trust_env=False).status_code == 200
        running.signal(signal.SIGTERM)
        assert running.ended().code == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/health", trust_env=False)


def test_the_window_of_the_flag_is_that_of_every_request(program: Program, server: OllamaServer):
    server.play(Reply(text="Hello."))
    with program.running("--serve", "-p", "0", "--num-ctx", "8192") as running:
        printed = started(running.lines())
        with OpenAI(base_url=printed["OPENAI_BASE_URL"], api_key=printed["OPENAI_API_KEY"]) as client:
            client.chat.completions.create(model="tiny", messages=[user("Hi.")])
    assert server.chats[0].json()["options"]["num_ctx"] == 8192


def test_without_auth_any_key_will_do(program: Program):
    with program.running("--serve", "-p", "0", "--no-auth") as running:
        printed = started(running.lines())
        answer = httpx.get(f"{printed['OPENAI_BASE_URL']}/models", trust_env=False)
    assert answer.status_code == 200 and printed["OPENAI_API_KEY"] == "ollama"


@pytest.mark.parametrize(
    "flags",
    [
        ["--host", "0.0.0.0"],
        ["--host", "::"],
        ["--host", "0.0.0.0", "--allow-remote"],
        ["--host", "0.0.0.0", "--allow-remote", "--no-auth"],
        ["--host", "0.0.0.0", "--allow-remote", "--auth-token", "x" * 31],
        ["--no-auth", "--auth-token", "x"],
        ["--port", "70000"],
        ["--max-iterations", "0"],
        ["--working-dir", "nowhere"],
    ],
)
def test_what_would_be_unsafe_or_cannot_be_meant_exits_2(program: Program, flags: list[str]):
    ran = program.run("--serve", "-p", "0", *flags)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err


def test_a_port_that_is_taken_is_told(program: Program, server: OllamaServer):
    ran = program.run("--serve", "--port", str(server.port))
    assert ran.code == 2 and str(server.port) in ran.err and "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([], b"Commands: none"),
        (["--command-allowlist", "git status"], b"Commands: only git status"),
        (["--allow-remote-commands"], b"Commands: every command"),
    ],
)
def test_others_run_only_commands_that_were_named(program: Program, more: list[str], said: bytes):
    with program.running("--serve", "-p", "0", *REMOTE, *more) as running:
        assert next(line for line in running.lines() if line.startswith(b"Commands")).startswith(said)


def test_on_every_address_which_needs_all_of_these_words_clients_of_this_machine_are_told_one(
    program: Program,
):
    with program.running("--serve", "-p", "0", *REMOTE) as running:
        printed = started(running.lines())
        answer = httpx.get(f"{printed['ANTHROPIC_BASE_URL']}/health", trust_env=False)
    assert printed["OPENAI_BASE_URL"].startswith("http://127.0.0.1:") and answer.status_code == 200


def test_the_help_is_that_of_the_proxy(program: Program):
    ran = program.run("--serve", "--help")
    assert ran.code == 0 and "--command-allowlist" in ran.out and "--yolo" not in ran.out


def test_connections_send_without_delay():
    with bound_socket(read_flags(["-p", "0"], {})) as listener:
        assert listener.proto == socket.IPPROTO_TCP  # asyncio's condition for TCP_NODELAY


def test_directories_can_be_given_together_or_one_by_one():
    flags = read_flags(["--allowed-dirs", "a", "b", "--allowed-dirs", "c"], {})
    assert flags.more_directories == ("a", "b", "c") and read_flags([], {}).more_directories == ()


def test_flags_win_over_the_environment():
    environment = {"OLLAMA_TOOLS_PORT": "9000", "OLLAMA_TOOLS_HOST": "::1"}
    assert (read_flags([], environment).port, read_flags([], environment).host) == (9000, "::1")
    assert read_flags(["-p", "9001", "-H", "127.0.0.1"], environment).port == 9001
    assert read_flags([], {}).host == "127.0.0.1"


@pytest.mark.parametrize(
    ("flags", "commands"),
    [
        ([], None),
        (["--no-commands"], ()),
        (["--command-allowlist", "git status, pytest"], ("git status", "pytest")),
        (["--no-commands", "--command-allowlist", "git"], ()),
    ],
)
def test_which_commands_may_run(flags: list[str], commands: tuple[str, ...] | None):
    assert read_flags(flags, {}).commands == commands
