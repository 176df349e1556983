"""What `--print-env` prints is taken by those it is for: a shell, TOML, JSON."""

from __future__ import annotations

import json
import subprocess
import tomllib
from pathlib import Path

import pytest
from anthropic import Anthropic

from ollama_code.frontends.proxy.client_settings import Access, settings_for
from ollama_code.frontends.proxy.flags import CLIENTS
from tests.e2e.program import Program
from tests.ollama_server import OllamaServer, Reply
from tests.proxy.client import user
from tests.proxy.test_serve import started

URL = "http://127.0.0.1:8080"
HOSTILE = 'a\'b $(touch made) "c"\n`touch made`'


@pytest.fixture
def program(tmp_path: Path, server: OllamaServer) -> Program:
    folder = tmp_path / "program"
    folder.mkdir()
    return Program(folder, server.url)


def in_a_shell(lines: str, folder: Path) -> dict[str, str]:
    """The variables after a shell has taken the lines."""
    words = ["sh", "-c", 'eval "$1" && env -0', "sh", lines]
    ran = subprocess.run(words, cwd=folder, env={"PATH": "/bin:/usr/bin"}, capture_output=True, check=True)
    assert ran.stderr == b""
    return dict(entry.split("=", 1) for entry in ran.stdout.decode().split("\0") if entry)


def without_comments(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith("//"))


def test_claude_gets_one_model_for_everything_and_the_window(tmp_path: Path):
    found = in_a_shell(settings_for("claude", Access(URL, "plum", "qwen3:4b", 32768)), tmp_path)
    assert (found["ANTHROPIC_BASE_URL"], found["ANTHROPIC_AUTH_TOKEN"]) == (URL, "plum")
    assert {value for name, value in found.items() if name.endswith("_MODEL")} == {"qwen3:4b"}
    assert (found["CLAUDE_CODE_MAX_CONTEXT_TOKENS"], found["CLAUDE_CODE_MAX_OUTPUT_TOKENS"]) == (
        "32768",
        "8192",
    )
    assert found["ANTHROPIC_API_KEY"] == ""


def test_what_is_not_known_is_left_out_and_told(tmp_path: Path):
    text = settings_for("claude", Access(URL, "plum", remarks=("Nobody\nanswers.",)))
    assert "CLAUDE_CODE_MAX_CONTEXT_TOKENS" not in in_a_shell(text, tmp_path)
    assert "# Nobody answers." in text and "--model MODEL" in text


@pytest.mark.parametrize("client", ["claude", "qwen", "openai"])
def test_the_key_is_read_from_the_file_when_the_shell_takes_the_lines(tmp_path: Path, client):
    (tmp_path / "to ken").write_text("cherry\n")
    found = in_a_shell(settings_for(client, Access(URL, tmp_path / "to ken", "m")), tmp_path)
    assert "cherry" in (found.get("OPENAI_API_KEY"), found.get("ANTHROPIC_AUTH_TOKEN"))


def test_codex_gets_a_config_and_the_truth(tmp_path: Path):
    text = settings_for("codex", Access(URL, tmp_path / "token", "qwen3:4b", 32768))
    config = tomllib.loads(text)
    provider = config["model_providers"][config["model_provider"]]
    assert (provider["base_url"], provider["wire_api"], config["model"]) == (
        f"{URL}/v1",
        "responses",
        "qwen3:4b",
    )
    assert config["model_context_window"] == 32768 and f'export {provider["env_key"]}="$(cat ' in text
    assert "does not have yet" in text


def test_opencode_gets_a_provider_with_the_limits(tmp_path: Path):
    text = settings_for("opencode", Access(URL, tmp_path / "token", "qwen3:4b", 32768))
    provider = json.loads(without_comments(text))["provider"]["ollama-code"]
    assert provider["options"] == {"baseURL": f"{URL}/v1", "apiKey": f"{{file:{tmp_path}/token}}"}
    assert provider["models"]["qwen3:4b"]["limit"] == {"context": 32768, "output": 8192}


@pytest.mark.parametrize("client", CLIENTS)
def test_no_name_gets_out_of_its_place(tmp_path: Path, client):
    text = settings_for(client, Access(URL, HOSTILE, HOSTILE, 100, (HOSTILE,)))
    if client == "codex":
        assert tomllib.loads(text)["model"] == HOSTILE
    elif client == "opencode":
        assert json.loads(without_comments(text))["model"] == f"ollama-code/{HOSTILE}"
    else:
        assert HOSTILE in in_a_shell(text, tmp_path).values()
    assert not (tmp_path / "made").exists()


def test_the_printed_lines_reach_the_proxy_of_the_same_flags(
    program: Program, server: OllamaServer, tmp_path: Path
):
    server.play(Reply(text="Hello."))
    with program.running("--serve", "-p", "0") as running:
        port = started(running.lines())["OPENAI_BASE_URL"].split(":")[2].split("/")[0]
        printed = program.run("--serve", "-p", port, "--print-env", "claude", "--num-ctx", "8192")
        found = in_a_shell(printed.out, tmp_path)
        with Anthropic(
            base_url=found["ANTHROPIC_BASE_URL"], auth_token=found["ANTHROPIC_AUTH_TOKEN"]
        ) as client:
            model = found["ANTHROPIC_DEFAULT_HAIKU_MODEL"]
            answer = client.messages.create(model=model, max_tokens=50, messages=[user("Hi.")])
    assert (printed.code, printed.err, model) == (0, "", "tiny:latest")
    assert found["CLAUDE_CODE_MAX_CONTEXT_TOKENS"] == "8192" and answer.content[0].text == "Hello."


@pytest.mark.parametrize("client", CLIENTS)
def test_neither_the_proxy_nor_ollama_has_to_run(program: Program, client: str):
    flags = ("--auth-token", "plum", "--default-model", "mine:7b", "-p", "9000")
    ran = program.run("--serve", "--print-env", client, *flags, OLLAMA_HOST="http://127.0.0.1:1")
    assert (ran.code, ran.err) == (0, "")
    assert "127.0.0.1:9000" in ran.out and "mine:7b" in ran.out and "could not be found out" in ran.out


def test_where_several_models_are_there_the_flag_that_chooses_is_named(
    program: Program, server: OllamaServer
):
    server.add_model("other:7b")
    said = program.run("--serve", "--print-env", "openai").out
    assert "--default-model" in said and "other:7b" in said and "--model NAME" not in said


def test_without_auth_the_key_is_the_usual_one(program: Program):
    assert "OPENAI_API_KEY=ollama\n" in program.run("--serve", "--no-auth", "--print-env", "openai").out


def test_a_server_on_every_address_is_called_by_that_of_this_machine(program: Program):
    flags = ("--host", "0.0.0.0", "--allow-remote", "--auth-token", "x" * 32)
    ran = program.run("--serve", "--print-env", "openai", *flags)
    assert "OPENAI_BASE_URL=http://127.0.0.1:8080/v1" in ran.out and "another machine" in ran.out


@pytest.mark.parametrize("flags", [["-p", "0"], ["--host", "0.0.0.0"], ["--no-auth", "--auth-token", "x"]])
def test_flags_that_would_not_serve_exit_2(program: Program, flags: list[str]):
    ran = program.run("--serve", "--print-env", "openai", *flags)
    assert (ran.code, ran.out) == (2, "") and ran.err
