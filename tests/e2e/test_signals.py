"""Signals in the middle of a turn: nothing goes on, everything is written down, and the next turn can begin."""

from __future__ import annotations

import signal

import pytest

from ollama_code.storage.replay import replay
from tests.e2e.program import Program, living, unanswered
from tests.ollama_server import Call, Gate, OllamaServer, Pace, Reply

ENDING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def held(gate: Gate, *, after: int) -> Reply:
    """An answer that stops after some words until the test lets it go on."""
    return Reply(text="one two three four five", pace=Pace(hold=gate, hold_after=after))


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_while_the_model_writes_ends_with_130(
    program: Program, server: OllamaServer, number: signal.Signals
) -> None:
    gate = server.gate()
    server.play(held(gate, after=5))
    with program.running("-p", "count", "--output-format", "json") as running:
        gate.wait_reached()
        running.signal(number)
        ran = running.ended()
    assert (ran.code, ran.report["reason"]) == (130, "cancelled")
    assert server.chats[0].gone.wait(5)
    assert program.journal()[-1]["reason"] == "cancelled"


def test_what_the_model_had_written_is_kept_and_marked(program: Program, server: OllamaServer) -> None:
    gate = server.gate()
    server.play(held(gate, after=3))
    with program.running("-p", "count", "--output-format", "stream-json") as running:
        for line in running.lines():
            if b"two" in line:
                break
        running.signal(signal.SIGINT)
        running.ended()
    [_, answer] = replay(program.journals()[0]).history
    assert answer.text.startswith("one two") and answer.text.endswith("\n\n[This answer was cut off here.]")
    assert "five" not in answer.text


def test_a_signal_before_the_first_word_leaves_a_valid_history(
    program: Program, server: OllamaServer
) -> None:
    gate = server.gate()
    server.play(held(gate, after=0))
    with program.running("-p", "count") as running:
        gate.wait_reached()
        running.signal(signal.SIGTERM)
        ran = running.ended()
    assert (ran.code, ran.out) == (130, "")
    assert [m.role for m in replay(program.journals()[0]).history] == ["user"]


def test_a_signal_while_the_server_still_thinks_of_its_models(program: Program, server: OllamaServer) -> None:
    server.hold("/api/tags", server.gate())
    with program.running("-p", "count") as running:
        [asked] = server.wait_for_requests(1)
        running.signal(signal.SIGINT)
        assert running.ended().code == 130
    assert asked.gone.wait(5)
    assert program.journals() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_signal_while_a_command_runs_ends_the_command(
    program: Program, server: OllamaServer, number: signal.Signals
) -> None:
    command = "trap '' INT TERM HUP; echo $$ > pids; sleep 1000 & echo $! >> pids; echo ready; wait"
    server.play(Reply(calls=(Call("run_shell_command", {"command": command}),)))
    with program.running("-p", "go", "--yolo", "--output-format", "stream-json") as running:
        for line in running.lines():
            if b'"tool_progressed"' in line:
                break
        running.signal(number)
        ran = running.ended()
    assert ran.code == 130
    assert living(program.project / "pids") == []
    assert program.journal()[-1]["reason"] == "cancelled"
    assert unanswered(program.journal()) == set()


def test_a_second_signal_does_not_cut_the_cleaning_up(program: Program, server: OllamaServer) -> None:
    command = (
        "trap '' INT TERM HUP; echo $$ > pids; (trap '' TERM; sleep 1000) & echo $! >> pids; echo up; wait"
    )
    server.play(Reply(calls=(Call("run_shell_command", {"command": command}),)))
    with program.running("-p", "go", "--yolo", "--output-format", "stream-json") as running:
        next(line for line in running.lines() if b'"tool_progressed"' in line)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGINT):
            running.signal(number)
        ran = running.ended()
    assert ran.code == 130
    assert living(program.project / "pids") == []


def test_the_last_line_of_a_stream_comes_also_when_it_is_stopped(
    program: Program, server: OllamaServer
) -> None:
    gate = server.gate()
    server.play(held(gate, after=3))
    with program.running("-p", "count", "--output-format", "stream-json") as running:
        gate.wait_reached()
        running.signal(signal.SIGINT)
        ran = running.ended()
    assert (ran.events[-1]["type"], ran.events[-1]["reason"]) == ("turn_finished", "cancelled")


def test_background_commands_end_with_the_program(program: Program, server: OllamaServer) -> None:
    command = "echo $$ > pids; sleep 1000"
    call = Call("run_shell_command", {"command": command, "is_background": True})
    wait = Call("run_shell_command", {"command": "until test -s pids; do sleep 0.01; done"})
    server.play(Reply(calls=(call, wait)), Reply(text="Started."))
    assert program.run("-p", "go", "--yolo").code == 0
    assert living(program.project / "pids") == []
