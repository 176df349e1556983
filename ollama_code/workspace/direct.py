"""Running a command line of which every word is known, without a shell: what was looked at is what runs."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ollama_code.core.commandline import SimpleCommand, Step
from ollama_code.workspace.process import Command

_STEPS = str(Path(__file__).with_name("steps.py"))


@dataclass(frozen=True)
class Direct:
    """A known command line, to run in `directory`. `programs` says which file a name stands for; a name that is
    not in it was not found."""

    steps: tuple[Step, ...]
    programs: Mapping[str, str]
    directory: str
    environment: Mapping[str, str]
    timeout_s: float | None = None

    def command(self) -> Command:
        return Command(self._argv(), self.directory, self.environment, self.timeout_s)

    def _argv(self) -> tuple[str, ...]:
        first = self.steps[0].pipeline[0]
        alone = len(self.steps) == 1 and len(self.steps[0].pipeline) == 1 and not first.redirects
        if alone and (program := self.programs.get(first.argv[0])):
            return (program, *first.argv[1:])
        return (sys.executable, "-I", "-S", _STEPS, json.dumps(self._plan()))

    def _plan(self) -> dict[str, object]:
        steps = [
            (step.joiner, [self._described(command) for command in step.pipeline]) for step in self.steps
        ]
        # Python sets this in the C locale, for itself and for what it starts.
        unset = [] if "LC_CTYPE" in self.environment else ["LC_CTYPE"]
        return {"steps": steps, "unset": unset}

    def _described(self, command: SimpleCommand) -> tuple[str, tuple[str, ...], list[tuple[int, str | int]]]:
        redirects: list[tuple[int, str | int]] = [(each.descriptor, each.to) for each in command.redirects]
        return self.programs.get(command.argv[0], ""), command.argv, redirects


def find_program(name: str, directory: str, path: str, *, outside: str = "") -> str:
    """The file that `name` stands for in `path`, absolute; empty when there is none. With `outside`, a file below
    that directory does not count: nobody shall put another `ls` there."""
    if "/" in name:
        found = Path(directory) / name
        return str(found) if found.is_file() else ""
    if outside:
        path = ":".join(entry for entry in path.split(":") if not _below(entry, outside))
    program = shutil.which(name, path=path) or ""
    return "" if outside and program and _below(program, outside) else program


def _below(path: str, directory: str) -> bool:
    return Path(path).resolve().is_relative_to(directory)
