"""What the tests of the whole program are given. Each `conftest.py` that names them here makes them its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ollama_code import cli
from tests.e2e.program import Program, Ran, RunInside
from tests.ollama_server import OllamaServer

__all__ = ["program", "run", "server"]

_FOREIGN = ("OLLAMA_MODEL", "OLLAMA_API_KEY", "OLLAMA_BASE_URL", "OLLAMA_KEEP_ALIVE")


@pytest.fixture
def server() -> Iterator[OllamaServer]:
    with OllamaServer() as running:
        yield running


@pytest.fixture
def program(tmp_path: Path, server: OllamaServer) -> Program:
    """Knows `server`."""
    return Program(tmp_path, server.url)


@pytest.fixture
def run(program: Program, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> RunInside:
    """`run(*arguments)`: the command line inside the test's own process, from the project folder, with nothing on
    stdin. The same code without the half second a process takes; where signals, pipes or the end of the process
    matter, `program.run` starts a real one."""
    for name in _FOREIGN:
        monkeypatch.delenv(name, raising=False)
    for name, value in program.all_environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(program.project)

    def inside(*arguments: str) -> Ran:
        capfd.readouterr()
        try:
            code = cli.run(arguments)
        except SystemExit as e:  # argparse leaves this way
            code = int(e.code or 0)
        return Ran(code, *capfd.readouterr())

    return inside
