"""What another program gives on stdin, and what it leaves open, empty or closed."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.e2e.program import WITHIN_S, Program, messages_of
from tests.ollama_server import OllamaServer, Reply


@pytest.fixture(autouse=True)
def answer(server: OllamaServer) -> None:
    server.play(Reply(text="Read."))


def asked(server: OllamaServer) -> str:
    return str(messages_of(server.chats[-1])[-1]["content"])


def test_what_is_piped_in_comes_behind_the_prompt(program: Program, server: OllamaServer) -> None:
    ran = program.run("-p", "review this", stdin=b"+ a line\n")
    assert (ran.code, ran.out, ran.err) == (0, "Read.\n", "")
    assert asked(server).endswith("review this\n\n<stdin>\n+ a line\n\n</stdin>")


def test_without_a_prompt_what_is_piped_in_is_the_prompt(program: Program, server: OllamaServer) -> None:
    assert program.run(stdin=b"what is this?").code == 0
    assert asked(server).endswith("\n\nwhat is this?")


def test_nothing_at_all_is_a_usage_error(program: Program, server: OllamaServer) -> None:
    ran = program.run(stdin=b"")
    assert ran.code == 2
    assert "-p" in ran.err and ran.out == ""
    assert server.requests == []


def test_an_open_pipe_that_says_nothing_does_not_hang(program: Program, server: OllamaServer) -> None:
    reading, writing = os.pipe()
    try:
        ran = program.run("-p", "hi", stdin=reading)
    finally:
        os.close(reading)
        os.close(writing)
    assert (ran.code, ran.out) == (0, "Read.\n")
    assert "open pipe" in ran.err
    assert "<stdin>" not in asked(server)


def test_a_pipe_that_falls_silent_gives_what_it_gave(program: Program, server: OllamaServer) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"half of it")
    try:
        ran = program.run("-p", "hi", stdin=reading)
    finally:
        os.close(reading)
        os.close(writing)
    assert ran.code == 0
    assert "10 bytes" in ran.err
    assert "half of it" in asked(server)


def test_a_flood_on_stdin_is_cut_to_the_window_and_said(program: Program, server: OllamaServer) -> None:
    ran = program.run("-p", "sum up", stdin=b"0123456789\n" * 200_000)
    assert ran.code == 0
    assert "characters were left out" in ran.err
    assert len(asked(server)) < 30_000


def shell(program: Program, line: str) -> subprocess.CompletedProcess[bytes]:
    """The program within a line of bash, as `$RUN`, for what only a shell can do to its descriptors."""
    run = " ".join(program.command())
    return subprocess.run(
        ["/bin/bash", "-c", f"set -o pipefail; {line.replace('$RUN', run)}"],
        cwd=program.project,
        env=program.all_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=WITHIN_S,
    )


def test_a_closed_stdin_is_no_input(program: Program) -> None:
    done = shell(program, "$RUN -p hi <&-")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"Read.\n", b"")


def test_a_closed_stdin_without_a_prompt_is_a_usage_error(program: Program) -> None:
    done = shell(program, "$RUN <&-")
    assert done.returncode == 2
    assert done.stderr.startswith(b"ollama-code: There is nothing to do")


def test_a_reader_who_left_ends_it_quietly(program: Program) -> None:
    done = shell(program, "$RUN -p hi --output-format stream-json | head -n 1 | grep -c turn_started")
    assert done.stdout == b"1\n"
    assert done.stderr == b""


def test_a_full_disk_behind_stdout_is_a_sentence(program: Program) -> None:
    done = shell(program, "$RUN -p hi >/dev/full")
    assert done.returncode == 1
    assert (
        done.stderr == b"ollama-code: The answer could not be written to stdout: No space left on device.\n"
    )


def test_a_closed_stderr_leaves_stdout_to_the_answer(program: Program) -> None:
    done = shell(program, "printf x | $RUN -p hi --max-steps 1 --output-format json 2>&-")
    assert (done.returncode, done.stdout.count(b"\n")) == (0, 1)


def test_a_terminal_without_the_letters_gets_the_rest(program: Program, server: OllamaServer) -> None:
    server.play(Reply(text="Ja: é"))
    program.run("-p", "one")
    ran = program.run("-p", "two", PYTHONIOENCODING="ascii")
    assert (ran.code, ran.out) == (0, "Ja: ?\n")
