"""A file of the project that is named as a module is none of ours, also in what starts Python again."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from tests.e2e.program import Program
from tests.ollama_server import Call, OllamaServer, Reply

_AS_THE_COMMAND_DOES = "from ollama_code.__main__ import main; main()"
_NAMES = "json argparse logging pydantic httpx regex psutil multiprocessing uvicorn launcher".split()


class Started(Program):
    """Python looks for modules in the folder it stands in, until we take it off."""

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-c", _AS_THE_COMMAND_DOES, *arguments]


@pytest.fixture
def hostile(program: Program) -> Started:
    for name in _NAMES:
        (program.project / f"{name}.py").write_text(
            f"open({str(marks(program) / name)!r}, 'w')\nraise SystemExit\n"
        )
    marks(program).mkdir()
    return Started(program.folder, program.url)


def marks(program: Program) -> Path:
    return program.folder / "marks"


def test_a_turn_with_a_command_runs_no_module_of_the_project(hostile: Started, server: OllamaServer) -> None:
    server.play(Reply(calls=(Call("run_shell_command", {"command": "echo a | cat"}),)), Reply(text="Done."))
    assert hostile.run("-p", "go", "--yolo").out == "Done.\n"
    assert list(marks(hostile).iterdir()) == []


def test_the_child_of_a_reloading_proxy_runs_no_module_of_the_project(hostile: Started) -> None:
    with hostile.running("--serve", "-p", "0", "--reload", "--no-auth") as running:
        assert any(line.startswith(b"export ") for line in running.lines())
        running.signal(signal.SIGTERM)
        running.ended()
    assert list(marks(hostile).iterdir()) == []
