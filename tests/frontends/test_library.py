"""The Python API: the seven tools under their own names, the reference's names, and the bounds of the caller."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ollama_code import ToolExecutor, get_tools_array
from ollama_code.core.errors import UsageError
from tests.e2e.program import ROOT
from tests.workspace.processes import alive, unique_seconds

SEVEN = ["read_file", "write_file", "edit_file", "list_directory", "glob_files", "grep_search", "run_command"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    (folder / "README.md").write_text("first\nSecond\nthird\n")
    (folder / "src" / "a.py").write_text("x = 1\n")
    return folder


@pytest.fixture
def executor(project: Path) -> Iterator[ToolExecutor]:
    with ToolExecutor(working_directory=str(project), allow_commands=True) as opened:
        yield opened


def test_an_argument_that_is_missing_has_the_name_that_was_offered(executor: ToolExecutor) -> None:
    assert "file_path" in executor.execute("read_file", {"offset": 2})


def test_the_seven_tools_are_in_openai_form() -> None:
    tools = get_tools_array()
    assert [tool["function"]["name"] for tool in tools] == SEVEN
    assert all(tool["type"] == "function" for tool in tools)
    assert all(tool["function"]["parameters"]["type"] == "object" for tool in tools)
    assert json.loads(json.dumps(tools)) == tools


def test_two_callers_do_not_share_the_array() -> None:
    get_tools_array().clear()
    assert len(get_tools_array()) == 7


def test_the_example_of_the_readme(executor: ToolExecutor) -> None:
    text = executor.execute("read_file", {"file_path": "README.md"})
    assert isinstance(text, str) and "first" in text and "third" in text


@pytest.mark.parametrize(
    ("arguments", "there", "not_there"),
    [
        ({"file_path": "README.md", "offset": 1, "limit": 1}, "first", "Second"),
        ({"file_path": "README.md", "offset": 2, "limit": 1}, "Second", "first"),
        ({"absolute_path": "README.md", "offset": 0, "limit": 1}, "first", "Second"),
        ({"absolute_path": "README.md", "offset": 1, "limit": 1}, "Second", "third"),
        ({"file_path": "README.md", "offset": "3"}, "third", "Second"),
    ],
)
def test_the_offset_counts_from_1_under_file_path_and_from_0_under_absolute_path(
    executor: ToolExecutor, arguments: dict[str, object], there: str, not_there: str
) -> None:
    text = executor.execute("read_file", arguments)
    assert there in text and not_there not in text


def test_an_offset_of_0_cannot_be_meant(executor: ToolExecutor) -> None:
    assert executor.execute("read_file", {"file_path": "README.md", "offset": 0}).startswith("Error: offset")


def test_write_then_edit_then_read(executor: ToolExecutor, project: Path) -> None:
    executor.execute("write_file", {"file_path": "new/b.txt", "content": "one one\n"})
    edit = {"file_path": "new/b.txt", "old_string": "one", "new_string": "two", "replace_all": True}
    assert not executor.execute("edit_file", edit).startswith("Error")
    assert (project / "new" / "b.txt").read_text() == "two two\n"


def test_list_glob_and_recursive_list(executor: ToolExecutor) -> None:
    assert "README.md" in executor.execute("list_directory", {})
    assert "a.py" in executor.execute("list_directory", {"recursive": True, "pattern": "*.py"})
    assert "README.md" not in executor.execute("list_directory", {"pattern": "*.py"})
    assert "a.py" in executor.execute("glob_files", {"pattern": "**/*.py"})


def test_grep_minds_case_under_the_names_of_the_seven(executor: ToolExecutor) -> None:
    assert "Second" in executor.execute("grep_search", {"pattern": "Second"})
    assert "Second" not in executor.execute("grep_search", {"pattern": "second"}).replace("second", "")
    assert "Second" in executor.execute("grep_search", {"pattern": "second", "case_insensitive": True})
    assert "Second" in executor.execute("grep_search", {"pattern": "second", "limit": 5})
    only = {"pattern": "x|first", "file_pattern": "*.py"}
    assert "first" not in executor.execute("grep_search", only).replace("x|first", "")


def test_a_command_runs_and_its_timeout_is_in_seconds(executor: ToolExecutor, project: Path) -> None:
    assert "exit code 0" in executor.execute("run_command", {"command": "touch made", "timeout": 30})
    assert (project / "made").exists()
    stopped = executor.execute("run_command", {"command": "sleep 1000", "timeout": 1})
    assert "1000 ms" in stopped


def test_a_command_runs_where_it_is_told(executor: ToolExecutor, project: Path) -> None:
    text = executor.execute("run_command", {"command": "pwd", "working_directory": "src"})
    assert str(project / "src") in text


@pytest.mark.parametrize("name", ["run_command", "run_shell_command", "shell", "bash", "Run_Shell_Command"])
def test_disabled_commands_say_so_under_every_name(project: Path, name: str) -> None:
    with ToolExecutor(project, allow_commands=False) as executor:
        text = executor.execute(name, {"command": "touch made"})
    assert text == "Error: Command execution is disabled"
    assert not (project / "made").exists()


@pytest.mark.parametrize("given", ["echo,git status", ["echo", "git status"]])
def test_an_allow_list_lets_its_prefixes_pass_and_nothing_else(project: Path, given: str | list[str]) -> None:
    with ToolExecutor(project, command_allowlist=given) as executor:
        assert "hi" in executor.execute("run_command", {"command": "echo hi"})
        for line in ("touch made", "echo x; touch made", "echo $(touch made)", "echo x > made", "git push"):
            assert "disabled" in executor.execute("run_command", {"command": line})
    assert not (project / "made").exists()


@pytest.mark.parametrize("path", ["../secret", "/etc/hostname", "~/.ssh/id_rsa", "link"])
def test_outside_of_the_directory_nothing_is_read_or_written(
    executor: ToolExecutor, project: Path, path: str
) -> None:
    (project.parent / "secret").write_text("hidden")
    (project / "link").symlink_to(project.parent / "secret")
    assert executor.execute("read_file", {"file_path": path}).startswith("Error: ")
    assert executor.execute("write_file", {"file_path": path, "content": "x"}).startswith("Error: ")
    assert (project.parent / "secret").read_text() == "hidden"


def test_another_allowed_directory_may_be_used(project: Path, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    with ToolExecutor(project, allowed_directories=[tmp_path / "more"]) as executor:
        path = str(tmp_path / "more" / "a.txt")
        assert not executor.execute("write_file", {"file_path": path, "content": "x"}).startswith("Error")
        assert "x" in executor.execute("read_file", {"file_path": path})


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("no_such", {}), ("read_file", {}), ("read_file", {"file_path": 7}), ("edit_file", None), ("", {})],
)
def test_a_call_that_cannot_work_is_text(executor: ToolExecutor, name: str, arguments) -> None:
    assert executor.execute(name, arguments).startswith("Error: ")


def test_a_call_of_an_openai_reply_gets_its_message(executor: ToolExecutor) -> None:
    function = {"name": "read_file", "arguments": '{"file_path": "README.md"}'}
    message = executor.execute_tool_call({"id": "c1", "type": "function", "function": function})
    assert (message["role"], message["tool_call_id"]) == ("tool", "c1")
    assert "first" in message["content"]


@pytest.mark.parametrize(
    "call", [{"id": "c1", "function": {"name": "read_file", "arguments": "{"}}, {"id": "c1"}]
)
def test_a_broken_call_of_a_reply_gets_a_message_too(executor: ToolExecutor, call) -> None:
    assert executor.execute_tool_call(call)["content"].startswith("Error: ")


async def test_it_works_inside_a_running_event_loop(executor: ToolExecutor) -> None:
    assert "first" in executor.execute("read_file", {"file_path": "README.md"})
    assert "first" in await asyncio.to_thread(executor.execute, "read_file", {"file_path": "README.md"})


def test_calls_from_several_threads_all_get_their_answer(executor: ToolExecutor) -> None:
    answers: list[str] = []

    def ask() -> None:
        answers.append(executor.execute("read_file", {"file_path": "README.md"}))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8 and len(set(answers)) == 1


def test_background_commands_end_with_the_executor(project: Path) -> None:
    executor, seconds = ToolExecutor(project), unique_seconds(project)
    start = {"command": f"echo > started; exec sleep {seconds}", "is_background": True}
    assert "background" in executor.execute("run_shell_command", start)
    executor.execute("run_command", {"command": "until test -s started; do sleep 0.01; done"})
    assert alive(seconds) != []
    executor.close()
    executor.close()
    assert alive(seconds) == []


def test_a_directory_that_does_not_exist_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        ToolExecutor(tmp_path / "nowhere")


def test_importing_it_loads_no_model_client(tmp_path: Path) -> None:
    code = """if True:
        import sys, ollama_code
        ollama_code.ToolExecutor
        print([name for name in ("ollama", "httpx", "textual") if name in sys.modules])
    """
    environment = {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=True)
    assert done.stdout == b"[]\n"


def test_a_closed_executor_and_odd_arguments_answer_in_words(tmp_path):
    executor = ToolExecutor(tmp_path)
    assert executor.execute("read_file", ["not", "a", "mapping"]).startswith("Error:")  # type: ignore[arg-type]
    executor.close()
    assert executor.execute("list_directory", {}) == "Error: this ToolExecutor is closed. Make a new one."
