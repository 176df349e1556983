"""The seven tools in the words of the reference: what each argument means there, and what cannot be meant."""

from __future__ import annotations

import pytest

from ollama_code.core.errors import ToolError
from ollama_code.core.messages import Arguments
from ollama_code.tools.seven import translated, wire_tools


@pytest.mark.parametrize(
    ("name", "given", "ours", "meant"),
    [
        ("read_file", {"file_path": "a", "offset": 1}, "read_file", {"file_path": "a", "offset": 0}),
        ("read_file", {"file_path": "a", "offset": "7"}, "read_file", {"file_path": "a", "offset": 6}),
        ("read_file", {"absolute_path": "a", "offset": 1}, "read_file", {"absolute_path": "a", "offset": 1}),
        ("read_file", {"file_path": "a", "offset": None}, "read_file", {"file_path": "a"}),
        ("edit_file", {"file_path": "a"}, "edit", {"file_path": "a"}),
        ("glob_files", {"pattern": "*"}, "glob", {"pattern": "*"}),
        ("list_directory", {}, "list_directory", {"path": "."}),
        ("list_directory", {"path": "a", "pattern": "*.py"}, "glob", {"path": "a", "pattern": "*.py"}),
        ("list_directory", {"recursive": True}, "glob", {"path": ".", "pattern": "**/*"}),
        ("list_directory", {"path": "a", "ignore": ["b"]}, "list_directory", {"path": "a", "ignore": ["b"]}),
        ("grep_search", {"pattern": "x"}, "grep_search", {"pattern": "x", "case_sensitive": True}),
        (
            "grep_search",
            {"pattern": "x", "case_insensitive": "true", "file_pattern": "*.py", "context_lines": 2},
            "grep_search",
            {"pattern": "x", "case_sensitive": False, "glob": "*.py", "context": 2},
        ),
        ("grep_search", {"pattern": "x", "limit": 5}, "grep_search", {"pattern": "x", "limit": 5}),
        (
            "run_command",
            {"command": "ls", "timeout": 5, "working_directory": "a"},
            "run_shell_command",
            {"command": "ls", "timeout": 5000, "directory": "a"},
        ),
        ("run_command", {"timeout": 9999}, "run_shell_command", {"timeout": 600_000}),
        ("shell", {"command": "ls", "timeout": 5}, "shell", {"command": "ls", "timeout": 5}),
    ],
)  # fmt: skip
def test_a_call_is_translated(name: str, given: Arguments, ours: str, meant: Arguments) -> None:
    assert translated(name, given) == (ours, meant)


@pytest.mark.parametrize("value", [0, -1, "many", True, [1], {}])
def test_a_number_that_cannot_be_meant_is_refused(value: object) -> None:
    with pytest.raises(ToolError, match="offset must be a whole number of at least 1"):
        translated("read_file", {"file_path": "a", "offset": value})


def test_what_the_caller_gave_is_not_changed() -> None:
    given: Arguments = {"pattern": "x", "case_insensitive": True}
    translated("grep_search", given)
    assert given == {"pattern": "x", "case_insensitive": True}


def test_the_required_arguments_are_the_ones_without_a_default() -> None:
    required = {
        tool["function"]["name"]: tool["function"]["parameters"].get("required", []) for tool in wire_tools()
    }
    assert required == {
        "read_file": ["file_path"],
        "write_file": ["file_path", "content"],
        "edit_file": ["file_path", "old_string", "new_string"],
        "list_directory": [],
        "glob_files": ["pattern"],
        "grep_search": ["pattern"],
        "run_command": ["command"],
    }  # fmt: skip
