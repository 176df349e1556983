"""The full screen as a person meets it: the real program in a real terminal."""

from __future__ import annotations

import json
import signal

import pytest

from tests.e2e.program import Program, held_open, unanswered, watched
from tests.e2e.terminal import CTRL_C, terminal
from tests.ollama_server import Call, OllamaServer, Pace, Reply

WRITE = Call("write_file", {"file_path": "note.txt", "content": "written by the model\n"})
READY = "tiny:latest"
WORDS = "one two three four five six seven eight nine ten"


def on_screen(program: Program, *arguments: str):
    environment = program.all_environment(TEXTUAL_DISABLE_KITTY_KEY="1")
    return terminal(program.command(*arguments), program.project, environment)


def test_type_approve_see_the_file_and_leave(program: Program, server: OllamaServer) -> None:
    server.play(Reply(calls=(WRITE,)), Reply(text="All done now."))
    with on_screen(program) as screen:
        screen.until(READY)
        screen.enter("write the note")
        screen.until("Yes, once")
        assert not (program.project / "note.txt").exists()
        screen.during(0.7)  # a question takes no key in its first half second
        screen.type("1")
        screen.until("All done now.")
        screen.type(CTRL_C)
        screen.until("again leaves")
        screen.type(CTRL_C)
        assert screen.ended() == 0
    assert (program.project / "note.txt").read_text() == "written by the model\n"
    assert b"\x1b[?1049l" in screen.raw  # the screen from before is back


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_the_middle_of_a_turn_loses_nothing(
    program: Program, server: OllamaServer, number: signal.Signals
) -> None:
    gate = server.gate()
    server.play(Reply(text=WORDS, pace=Pace(hold=gate, hold_after=7)), Reply(text="I remember."))
    with on_screen(program) as screen:
        screen.until(READY)
        screen.enter("count to ten")
        screen.until("three")
        screen.process.send_signal(number)
        assert screen.ended() == 130
    events = program.journal()
    assert (events[-1]["type"], events[-1]["reason"]) == ("turn_finished", "cancelled")
    assert not unanswered(events)
    with on_screen(program, "--continue") as screen:
        screen.until("count to ten", "one two three", READY)
        screen.enter("go on")
        screen.until("I remember.")
    assert "one two three" in json.dumps(server.chats[-1].json()["messages"])


def test_a_terminal_that_is_closed_ends_the_program_and_its_commands(
    program: Program, server: OllamaServer
) -> None:
    held = held_open(program.project / "held")
    command = "exec 3> held; echo held-$((6*7)); sleep 300"
    server.play(Reply(calls=(Call("run_shell_command", {"command": command}),)))
    with on_screen(program, "--yolo") as screen:
        screen.until(READY)
        screen.enter("run it")
        screen.until("held-42")
        assert held()
        screen.hang_up()
        screen.process.wait(timeout=20)
    assert not held()
    assert program.journal()[-1]["type"] == "turn_finished"


def test_it_speaks_to_the_named_server_alone_and_paints_first(program: Program, server: OllamaServer) -> None:
    log = watched(program)
    gate = server.gate()
    for path in ("/api/version", "/api/tags", "/api/show"):
        server.hold(path, gate)
    with on_screen(program) as screen:
        screen.until("Ask, or /command")
        screen.type("typed before anything is known")
        screen.until("anything is known")
        gate.open()
        screen.until(READY)
    spoken = [json.loads(line)[1] for line in log.read_text().splitlines()]
    assert {tuple(address) for address in spoken} == {("127.0.0.1", server.port)}


def test_the_demo_needs_no_server(program: Program) -> None:
    program.url = "http://127.0.0.1:1"
    with on_screen(program, "--demo") as screen:
        screen.until("the model is a script")
        screen.enter("fix the tests")
        screen.until("Yes, once")
        screen.type("\x11")
        assert screen.ended() == 0


def test_a_paste_of_megabytes_and_bytes_that_are_no_text_hold_up_nothing(
    program: Program, server: OllamaServer
) -> None:
    lines = "a line that was copied from a log\n" * 60_000
    with on_screen(program) as screen:
        screen.until(READY)
        screen.send(b"\xff\xfe before ")
        screen.send(f"\x1b[200~{lines}\x1b[201~ behind".encode())
        screen.until("before", "[pasted 60,000 lines #1]", "behind")
