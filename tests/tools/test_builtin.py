"""The one list of tools: their order, their aliases, and what their schemas may hold."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ollama_code.tools.builtin import ALIASES, Parts, builtin
from ollama_code.tools.files.ledger import ReadLedger
from ollama_code.tools.todo import TodoList
from ollama_code.tools.toolset import Toolset
from ollama_code.workspace.environment import child_environment
from ollama_code.workspace.jobs import Jobs
from ollama_code.workspace.local import LocalWorkspace
from tests.confined import unconfined

NAMES = (
    "read_file", "write_file", "edit", "glob", "grep_search", "list_directory", "run_shell_command", "todo_write",
    "read_many_files", "ask_user",
)  # fmt: skip
REFERENCE = {
    "run shell exec cmd": "run_shell_command",
    "read": "read_file",
    "readmany read_all cat": "read_many_files",
    "write create": "write_file",
    "edit replace": "edit",
    "grep search find": "grep_search",
    "glob files": "glob",
    "ls list dir": "list_directory",
    "todo todos": "todo_write",
}
"""The alias table of the tools reference, as far as its tools are here."""


def nothing(event: object) -> None:
    pass


@pytest.fixture
def toolset(tmp_path: Path) -> Iterator[Toolset]:
    workspace = LocalWorkspace(tmp_path)
    yield builtin(
        Parts(
            workspace=workspace,
            ledger=ReadLedger(),
            jobs=Jobs(tmp_path / "jobs", nothing),
            sandbox=unconfined(tmp_path),
            todos=TodoList(nothing),
            asker=None,
            emit=nothing,
            environment=child_environment(os.environ, ()),
            sees_images=False,
            withheld=lambda path: False,
        )
    )
    workspace.close()


def test_the_tools_come_in_a_fixed_order(toolset: Toolset) -> None:
    assert toolset.names == NAMES


@pytest.mark.parametrize(
    ("alias", "tool"), [(alias, tool) for aliases, tool in REFERENCE.items() for alias in aliases.split()]
)
def test_every_alias_of_the_reference_is_understood(toolset: Toolset, alias: str, tool: str) -> None:
    found = toolset.find(alias)
    assert found is not None and found.tool.name == tool


def test_no_alias_means_two_tools() -> None:
    names = [alias.name for alias in ALIASES]
    assert len(names) == len(set(names))


def test_every_tool_describes_itself_and_each_argument(toolset: Toolset) -> None:
    for tool in toolset.wire():
        function = tool["function"]
        assert function["description"].strip()
        for name, schema in function["parameters"]["properties"].items():
            assert schema.get("description"), f"{function['name']}: {name}"


def test_two_sessions_send_the_same_bytes(toolset: Toolset) -> None:
    assert toolset.wire() == toolset.wire()


def test_no_property_has_two_keys_beside_its_type_and_description(toolset: Toolset) -> None:
    """Their order is random in the renderer of qwen3-coder, and every request would be read anew."""
    for tool in toolset.wire():
        for name, schema in tool["function"]["parameters"]["properties"].items():
            assert len(set(schema) - {"type", "description"}) <= 1, f"{tool['function']['name']}: {name}"
