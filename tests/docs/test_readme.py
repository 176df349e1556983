"""The README says only what is so, and its samples run."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from ollama_code.cli import parser
from ollama_code.commands.registry import COMMANDS
from ollama_code.core.permission import Mode
from ollama_code.frontends.proxy.flags import read_flags
from ollama_code.permissions.rules import parse_rule
from ollama_code.settings.jsonc import parse
from ollama_code.settings.model import Settings
from ollama_code.tools.builtin import ALIASES
from ollama_code.tools.seven import wire_tools
from tests.docs.pages import blocks, page, quoted, rows, section
from tests.ollama_server import Model, OllamaServer, Reply

README = page("README.md")
TOOLS = {tool: [alias.name for alias in ALIASES if alias.tool == tool] for tool in (a.tool for a in ALIASES)}


def command_lines(command: str = "ollama-code") -> list[list[str]]:
    """The words after `command` in each line for the shell that calls it, alone or at the end of a pipe."""
    lines = "".join(blocks(README, "sh")).splitlines()
    calls = [line.rpartition("| ")[2] for line in lines]
    return [shlex.split(call, comments=True)[1:] for call in calls if call.split()[:1] == [command]]


def test_there_are_command_lines_to_check():
    assert len(command_lines()) >= 4


@pytest.mark.parametrize("words", command_lines(), ids=" ".join)
def test_command_lines_are_understood(words: list[str]):
    arguments = parser().parse_args(words)
    for rule in arguments.allow:
        parse_rule(rule, "README", lambda name: name if name in TOOLS else None)


@pytest.mark.parametrize("words", command_lines("ollama-tools-proxy"), ids=" ".join)
def test_command_lines_of_the_proxy_are_understood(words: list[str]):
    assert read_flags(words, {}).host == "127.0.0.1"


def test_the_tools_and_their_aliases_are_those_of_the_list():
    table = {quoted(tool)[0]: quoted(aliases) for tool, _, aliases in rows(section(README, "Tools"))}
    assert table == TOOLS


def test_the_slash_commands_exist():
    named = {
        quoted(row[0])[0].removeprefix("/")
        for row in rows(section(README, "First session"))
        if row[0][1] == "/"
    }
    assert named and named <= {"help", *COMMANDS}


def test_the_modes_are_those_of_the_program():
    table = [quoted(row[0])[0] for row in rows(section(README, "How much runs without asking"))]
    assert table == [mode.value for mode in Mode]


def test_the_settings_sample_is_a_valid_file():
    (sample,) = blocks(README, "jsonc")
    settings = Settings.model_validate(parse(sample.encode(), "README"), strict=False)
    assert settings.ollama.base_url == "http://gpu.lan:11434"


def test_the_python_sample_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "README.md").write_text("Hello from the sample\n")
    sample, _ = blocks(README, "python")
    names: dict[str, object] = {}
    exec(sample.replace("/path/to/project", str(tmp_path)), names)
    assert "Hello from the sample" in capsys.readouterr().out
    assert names["tools"] == list(wire_tools())


def test_the_python_sample_of_the_proxy_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    _, sample = blocks(README, "python")
    with OllamaServer(models=[Model("devstral-small-2:24b")]) as server:
        server.play(Reply(text="There are none."))
        sample = sample.replace("/path/to/project", str(tmp_path)).replace(
            "http://localhost:11434", server.url
        )
        exec(sample, {})
    assert capsys.readouterr().out == "There are none.\n"


def test_the_seven_are_named():
    seven = {tool["function"]["name"] for tool in wire_tools()}
    assert seven <= set(quoted(section(README, "Python API")))
