"""A known command line run without a shell does what bash does with it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ollama_code.core.commandline import SimpleCommand, Step
from ollama_code.permissions.shell.analysis import Plain, analyse
from ollama_code.workspace.direct import Direct, find_program
from ollama_code.workspace.process import Outcome, run

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere"}


def program(name: str) -> str:
    return find_program(name, "/", ENVIRONMENT["PATH"])


async def direct(line: str, folder: Path) -> Outcome:
    plain = analyse(line)
    assert isinstance(plain, Plain), plain
    names = {command.argv[0] for command in plain.commands}
    programs = {name: path for name in names if (path := program(name))}
    return await run(Direct(plain.steps, programs, str(folder), ENVIRONMENT).command(), lambda text: None)


def by_bash(line: str, folder: Path) -> tuple[str, int]:
    done = subprocess.run(
        ["/bin/bash", "--noprofile", "--norc", "-c", line],
        cwd=folder, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, check=False,
    )  # fmt: skip
    return done.stdout, done.returncode


def names_in(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()]


@pytest.mark.parametrize(
    "line",
    [
        "cat a", "cat 'b c' a", "cat -- a", "printenv HOME", "cat a | tr a-z A-Z", "cat a | cat | wc -l",
        "false && cat a", "false || cat a", "true || cat a", "false && cat a || cat 'b c'",
        "true && false; cat a", "cat a; false",
        "cat a\ncat 'b c'\n", "ls nothing 2>/dev/null", "ls nothing 2>&1 | wc -l", "cat a >/dev/null",
        "cat a >&2", "cat a >/dev/null 2>&1",
        "ls nothing 2>&1 >/dev/null | wc -l", "ls nothing &>/dev/null || cat a", "cat </dev/null", "cat",
        "cat | cat a",
        "yes | head -2", "sleep 0 | cat a", "printf '%s-' a '' 'b c'", "test -f a && cat a", "env | sort",
        "printenv LC_CTYPE; true",
    ],
)  # fmt: skip
async def test_it_does_what_bash_does(tmp_path: Path, line: str):
    (tmp_path / "a").write_text("one\ntwo\n")
    (tmp_path / "b c").write_text("three\n")
    outcome = await direct(line, tmp_path)
    said, code = by_bash(line, tmp_path)
    ours = "".join(text for text in outcome.output.splitlines(keepends=True) if not _of_the_run(text))
    theirs = "".join(text for text in said.splitlines(keepends=True) if not _of_the_run(text))
    assert (ours, outcome.returncode) == (theirs, code)


def _of_the_run(text: str) -> bool:
    """What bash, and what our own runner, puts into the environment."""
    return text.startswith(("_=", "PWD=", "OLDPWD=", "SHLVL=", "OLLAMA_CODE_"))


async def test_a_program_that_is_not_there_is_told_and_the_line_goes_on(tmp_path: Path):
    outcome = await direct("nosuch x || echo gone", tmp_path)
    assert (outcome.output, outcome.returncode) == ("nosuch: command not found\ngone\n", 0)
    assert (await direct("nosuch", tmp_path)).returncode == 127


async def test_a_program_that_cannot_run_is_told(tmp_path: Path):
    (tmp_path / "text").write_text("no program")
    steps = (Step(pipeline=(SimpleCommand(argv=("x",)), SimpleCommand(argv=("cat",)))),)
    programs = {"x": str(tmp_path / "text"), "cat": program("cat")}
    outcome = await run(Direct(steps, programs, str(tmp_path), ENVIRONMENT).command(), lambda text: None)
    assert "x: Permission denied" in outcome.output


async def test_a_killed_program_counts_as_in_bash(tmp_path: Path):
    killer = tmp_path / "killer"
    killer.write_text("#!/bin/sh\nkill -9 $$\n")
    killer.chmod(0o755)
    steps = (Step(pipeline=(SimpleCommand(argv=("true",)), SimpleCommand(argv=("killer",)))),)
    programs = {"true": program("true"), "killer": str(killer)}
    outcome = await run(Direct(steps, programs, str(tmp_path), ENVIRONMENT).command(), lambda text: None)
    assert outcome.returncode == 137


async def test_words_reach_the_program_untouched(tmp_path: Path):
    words = ("$(touch made)", "`touch made`", "; touch made", "*", "~", "a\nb", "", "-n")
    steps = (Step(pipeline=(SimpleCommand(argv=("printf", "%s|", *words)), SimpleCommand(argv=("cat",)))),)
    programs = {name: program(name) for name in ("printf", "cat")}
    outcome = await run(Direct(steps, programs, str(tmp_path), ENVIRONMENT).command(), lambda text: None)
    assert outcome.output == "|".join(words) + "|"
    assert names_in(tmp_path) == []


def test_a_program_of_the_workspace_does_not_pass_for_one_of_the_system(tmp_path: Path):
    project, system = tmp_path / "project", tmp_path / "system"
    for folder in (project / "bin", system):
        folder.mkdir(parents=True)
        (folder / "ls").write_text("#!/bin/sh\n")
        (folder / "ls").chmod(0o755)
    path = f"{project / 'bin'}:{system}"
    assert find_program("ls", str(project), path) == str(project / "bin" / "ls")
    assert find_program("ls", str(project), path, outside=str(project)) == str(system / "ls")
    (system / "ls").unlink()
    (system / "ls").symlink_to(project / "bin" / "ls")
    assert find_program("ls", str(project), path, outside=str(project)) == ""
