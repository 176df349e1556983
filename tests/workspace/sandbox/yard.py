"""A project, a home with secrets and a folder that is nobody's business, and commands that run among them."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from ollama_code.workspace.bash import Line
from ollama_code.workspace.process import Command, Outcome, run
from ollama_code.workspace.sandbox.probe import trouble_with
from ollama_code.workspace.sandbox.rungs import Rung, rungs
from ollama_code.workspace.sandbox.sandbox import Grounds, Sandbox, Wishes
from tests.confined import standing_on
from tests.workspace.processes import ENVIRONMENT

RUNGS = tuple(rungs(os.geteuid()))
WALLED = tuple(rung for rung in RUNGS if rung.closes_network)
"""Those that can put something else in the place of a folder."""


def name_of(rung: Rung) -> str:
    how = type(rung.wrap).__name__
    return f"{how}-user" if getattr(rung.wrap, "user", False) else how


on_walls = pytest.mark.parametrize("rung", WALLED, ids=name_of, indirect=True)


@cache
def _trouble(rung: Rung) -> str:
    return trouble_with(rung)


def standing(rung: Rung) -> Rung:
    if trouble := _trouble(rung):
        pytest.skip(f"{name_of(rung)} does not work on this machine: {trouble}")
    return rung


class Yard:
    """`home` is the person's; `own` in it is the program's."""

    def __init__(
        self, folder: Path, rung: Rung | None, wishes: Wishes | None = None, *, root: str = ""
    ) -> None:
        folder = folder.resolve()
        self.project, self.home, self.elsewhere = folder / "project", folder / "home", folder / "elsewhere"
        for place in (self.project, self.home, self.elsewhere):
            place.mkdir(exist_ok=True)
        self.own = self.home / ".ollama-code"
        grounds = Grounds((root or str(self.project),), str(self.home), hidden=(str(self.own),))
        self.sandbox: Sandbox = standing_on(rung, grounds, wishes)

    def line(self, text: str) -> Command:
        environment = {**ENVIRONMENT, "HOME": str(self.home)}
        return Line(text, str(self.project), environment, timeout_s=30.0).command()

    async def ran(self, text: str, *, network: bool = False) -> Outcome:
        command = await self.sandbox.confined(self.line(text), network=network)
        return await run(command, lambda _: None)

    async def said(self, text: str, *, network: bool = False) -> str:
        return (await self.ran(text, network=network)).output


def put(path: Path, text: str = "secret") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def repository(folder: Path) -> None:
    subprocess.run(["git", "init", "-q", str(folder)], check=True)


@contextmanager
def listener() -> Iterator[int]:
    """The port of a service on this machine that accepts whoever knocks."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@contextmanager
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process of the person that has nothing to do with any command."""
    with subprocess.Popen(["sleep", "1000"]) as process:
        try:
            yield process
        finally:
            process.kill()


def there(path: str) -> bool:
    return Path(path).exists()
