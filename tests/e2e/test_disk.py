"""A disk that is full and folders that may not be written: the turn goes on, and the person is told."""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.program import WITHIN_S, Program, Ran, told
from tests.ollama_server import Call, OllamaServer, Reply
from tests.unprivileged import folder_of_nobody, run_as_nobody

SIZE_BYTES = 64 * 1024


@pytest.fixture
def small_disk(program: Program) -> Iterator[Path]:
    """The program's own home on a disk of 64 KiB."""
    program.state.mkdir()
    mount = shutil.which("mount")
    done = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={SIZE_BYTES}", "tmpfs", str(program.state)],
        capture_output=True,
        check=False,
    )
    if not done or done.returncode != 0:
        pytest.skip("a tmpfs cannot be mounted here")
    yield program.state
    subprocess.run(["umount", str(program.state)], check=True)


def test_a_full_disk_stops_neither_the_turn_nor_the_tools(
    small_disk: Path, program: Program, server: OllamaServer
) -> None:
    (program.project / "a.txt").write_text("x" * 2000 + "\n")
    reads = [Call("read_file", {"absolute_path": "a.txt", "limit": n}) for n in range(1, 33)]
    server.play(*[Reply(calls=tuple(reads[n : n + 4])) for n in range(0, 32, 4)], Reply(text="Read."))
    ran = program.run("-p", "go")
    assert (ran.code, ran.out) == (0, "Read.\n")
    assert ran.err.count("journal of this session cannot be written (No space left on device)") == 1
    assert len(told(server.chats[-1])) == 32


def test_a_disk_that_is_full_from_the_start(small_disk: Path, program: Program, server: OllamaServer) -> None:
    with (small_disk / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError):
        while filler.write(b"x" * 1024):
            pass
    server.play(Reply(text="Hello."))
    ran = program.run("-p", "hi")
    assert (ran.code, ran.out) == (0, "Hello.\n")
    assert "cannot be written" in ran.err
    assert "Traceback" not in ran.err


def test_a_file_that_may_not_grow_is_the_same(program: Program, server: OllamaServer) -> None:
    """A limit of the system in place of a full disk: it needs no rights and tears a line in the middle."""
    server.play(Reply(text="word " * 2000), Reply(text="Again."))
    done = subprocess.run(
        program.command("-p", "go"),
        cwd=program.project,
        env=program.all_environment(PYTHONDONTWRITEBYTECODE="1"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (16 * 1024, 16 * 1024)),
        check=False,
        timeout=WITHIN_S,
    )
    assert (done.returncode, done.stdout.count(b"word")) == (0, 2000)
    assert b"cannot be written" in done.stderr
    ran = program.run("-p", "and now?", "-c")
    assert (ran.code, ran.out) == (0, "Again.\n")


def test_a_home_that_is_no_folder_is_a_sentence_and_its_name_steers_no_terminal(program: Program) -> None:
    odd = program.folder / "a\x1b[2Jb"
    odd.write_text("a file, not a folder")
    ran = program.run("-p", "hi", OLLAMA_CODE_HOME=str(odd))
    assert (ran.code, ran.out) == (2, "")
    assert "cannot be read" in ran.err
    assert "\x1b" not in ran.err and "Traceback" not in ran.err


AS_NOBODY = """
import json, os
from ollama_code import cli
import ollama_code.frontends.headless.run
import ollama_code.providers.ollama

def main(project, environment, *arguments):
    os.environ.clear()
    os.environ.update(json.loads(environment))
    os.chdir(project)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    code = cli.run(arguments)
    print(f"exit {code}")
"""


def run_unprivileged(program: Program, *arguments: str) -> Ran:
    out = run_as_nobody(AS_NOBODY, program.project, json.dumps(program.all_environment()), *arguments)
    *lines, last = out.splitlines()
    return Ran(int(last.removeprefix("exit ")), "\n".join(lines), "")


@pytest.mark.parametrize("part", ["project", "home"])
def test_a_folder_that_may_not_be_written_is_told_and_survived(server: OllamaServer, part: str) -> None:
    with folder_of_nobody() as folder:
        program = Program(folder, server.url)
        write = Call("write_file", {"file_path": "new.txt", "content": "x"})
        server.play(Reply(calls=(write,)), Reply(text="Went on."))
        program.project.chmod(0o755 if part == "project" else 0o777)
        program.home.chmod(0o777 if part == "project" else 0o755)
        ran = run_unprivileged(program, "-p", "go", "--yolo")
        assert (ran.code, ran.out) == (0, "Went on.")
        [answer] = told(server.chats[-1])
        assert answer.startswith("Error: ") is (part == "project")
        assert (program.project / "new.txt").exists() is (part == "home")
