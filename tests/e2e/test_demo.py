"""The demo: the real loop and real tools on a scratch project, with a model that is a script and says so."""

from __future__ import annotations

from pathlib import Path

from ollama_code.demo import FIRST_PROMPT
from tests.demo.person import run_tests
from tests.e2e.program import Program, watched
from tests.e2e.terminal import CTRL_D, terminal

ASKED = "1-5>"
READY = "ctx"


def scratch(program: Program) -> Path:
    """The project of the only demo that ran; TMPDIR of a program is its own folder."""
    [found] = program.folder.glob("ollama-code-demo-*/sundial")
    return found


def test_without_a_screen_it_repairs_the_project_and_calls_nobody(tmp_path: Path) -> None:
    program = Program(tmp_path)
    connections = watched(program)
    ran = program.run("--demo", "-p", FIRST_PROMPT, "--mode", "yolo")
    assert ran.code == 0
    assert "now all 9 pass" in ran.out and "script" in ran.out
    assert str(scratch(program)) in ran.err
    assert "exit code 0" in run_tests(scratch(program))
    assert not connections.exists()


def test_a_person_refuses_explains_and_at_last_approves(tmp_path: Path) -> None:
    program = Program(tmp_path)
    command = program.command("--plain", "--demo")
    with terminal(command, program.project, program.all_environment()) as screen:
        screen.until("the model is a script", READY)

        screen.enter(FIRST_PROMPT)
        screen.until("Run python3 -m unittest", ASKED)
        screen.enter("4")
        screen.until("Stopped: refused.", READY)

        screen.enter("go on")
        screen.until("Run python3 -m unittest", ASKED)
        screen.enter("1")
        screen.until("Edit sundial/roman.py", "-", "+", ASKED)
        assert "exit code 1" in run_tests(scratch(program))
        screen.enter("5")
        screen.until("why>")
        screen.enter("leave the loop alone")
        screen.until("leave the loop alone", "leave the loop alone", READY)  # as typed, then in the answer

        screen.enter("fix the tests")
        while "? Edit" not in screen.until("? ", ASKED):
            screen.enter("1")
        screen.enter("1")
        screen.until("Run python3 -m unittest", ASKED)
        screen.enter("1")
        screen.until("9 pass", READY)
        screen.type(CTRL_D)
        assert screen.ended() == 0
    assert "exit code 0" in run_tests(scratch(program))
