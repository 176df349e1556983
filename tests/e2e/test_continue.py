"""A session that goes on in another process sends the bytes of the first again, whatever ended the first."""

from __future__ import annotations

import json
import os
import re
import signal

import pytest

from tests.e2e.program import Program, RunInside, messages_of, unanswered
from tests.ollama_server import Call, OllamaServer, Pace, Recorded, Reply

READ = Call("read_file", {"absolute_path": "a.txt", "limit": 5})
ODD = Call("run_shell_command", {"command": "echo 'ü \u2028 \"'", "nested": {"b": [1, 2.5, None], "a": True}})
FROZEN = ("model", "tools", "think", "keep_alive", "truncate", "stream")


@pytest.fixture(autouse=True)
def file(program: Program) -> None:
    (program.project / "a.txt").write_text("one\n")


def assert_grows(before: Recorded, after: Recorded) -> None:
    """`after` repeats `before` byte for byte up to the end of its messages, and every frozen part behind them."""
    start = before.body[: before.body.rindex(b'],"tools":')]
    assert after.body.startswith(start)
    one, other = before.json(), after.json()
    assert [one.get(key) for key in FROZEN] == [other.get(key) for key in FROZEN]
    assert (
        before.body[before.body.rindex(b'],"tools":') :].split(b'"num_predict"')[0]
        == (after.body[after.body.rindex(b'],"tools":') :].split(b'"num_predict"')[0])
    )
    assert options(one)["num_ctx"] == options(other)["num_ctx"]


def options(body: dict[str, object]) -> dict[str, object]:
    found = body["options"]
    assert isinstance(found, dict)
    return found


def test_every_request_of_a_session_only_grows(server: OllamaServer, run: RunInside) -> None:
    server.play(Reply(text="Look.", calls=(READ, ODD)), Reply(calls=(READ,)), Reply(text="Done."))
    run("-p", "go", "--yolo")
    first, second, third = server.chats
    assert_grows(first, second)
    assert_grows(second, third)


def test_every_request_pins_what_the_engine_must_not_choose(server: OllamaServer, run: RunInside) -> None:
    server.play(Reply(calls=(READ,)), Reply(text="Done."))
    run("-p", "go")
    for request in server.chats:
        body = request.json()
        assert (body["truncate"], body["stream"], body["think"]) == (False, True, False)
        assert "shift" not in body and "shift" not in options(body)
        assert set(options(body)) == {"num_ctx", "num_predict"}
    assert server.loads == 1


def test_a_second_process_sends_the_same_bytes(program: Program, server: OllamaServer) -> None:
    server.play(Reply(text="Look.", calls=(READ, ODD)), Reply(text="Done."), Reply(text="Again."))
    program.run("-p", "go", "--yolo")
    ran = program.run("-p", "and now?", "--continue")
    assert (ran.code, ran.out) == (0, "Again.\n")
    assert_grows(server.chats[-2], server.chats[-1])
    assert len(program.journals()) == 1


def test_the_server_reads_only_what_is_new(server: OllamaServer, run: RunInside) -> None:
    server.play(Reply(calls=(READ,)), Reply(text="Done."), Reply(text="Again."))
    run("-p", "go")
    run("-p", "and now?", "-c")
    assert server.loads == 1
    assert server.read_tokens[-1] < server.read_tokens[0] / 4


def test_thinking_comes_back_as_it_was(server: OllamaServer, run: RunInside) -> None:
    server.add_model("thinker:1", capabilities=("completion", "tools", "thinking"))
    server.play(Reply(thinking="Hm.\n", calls=(READ,)), Reply(thinking="So.", text="Done."), Reply(text="A."))
    run("-p", "go", "--model", "thinker:1")
    run("-p", "and now?", "-c")
    assert server.chats[-1].json()["think"] is True
    assert_grows(server.chats[-2], server.chats[-1])


def test_settings_that_changed_in_between_change_nothing(
    server: OllamaServer, program: Program, run: RunInside
) -> None:
    server.play(Reply(text="One."), Reply(text="Two."))
    run("-p", "go", "--num-ctx", "8192")
    program.settings(
        '{"ollama": {"numCtx": 4096, "keepAlive": "1m"}, "excludeTools": ["edit"], "model": "b"}'
    )
    assert run("-p", "and now?", "-c").code == 0
    assert_grows(*server.chats)


def test_a_model_installed_in_between_is_not_taken(server: OllamaServer, run: RunInside) -> None:
    server.play(Reply(text="One."), Reply(text="Two."))
    run("-p", "go")
    server.add_model("another:1")
    assert run("-p", "and now?", "-c").code == 0
    assert_grows(*server.chats)


def test_after_kill_in_the_middle_of_a_call_the_call_gets_an_answer(
    program: Program, server: OllamaServer
) -> None:
    os.mkfifo(program.project / "hold")
    call = Call("run_shell_command", {"command": "echo ready; cat hold"})
    other = Call("read_file", {"absolute_path": "b.txt"})
    server.play(Reply(text="Look.", calls=(READ, call, other)), Reply(text="Again."))
    with program.running("-p", "go", "--yolo", "--output-format", "stream-json") as running:
        next(line for line in running.lines() if b'"tool_progressed"' in line)
        running.kill()
    (program.project / "hold").open("w").close()  # nobody else would end the command now
    assert program.run("-p", "and now?", "-c").code == 0
    assert_grows(*server.chats)
    assert [m["role"] for m in messages_of(server.chats[-1])][2:] == ["assistant", *["tool"] * 3, "user"]
    assert unanswered(program.journal()) == set()


def test_after_kill_in_the_middle_of_an_answer_the_turn_can_be_asked_again(
    program: Program, server: OllamaServer
) -> None:
    gate = server.gate()
    server.play(Reply(text="one two", pace=Pace(hold=gate, hold_after=1)), Reply(text="Again."))
    with program.running("-p", "go") as running:
        gate.wait_reached()
        running.kill()
    assert program.run("-p", "and now?", "-c").out == "Again.\n"
    assert_grows(*server.chats)


def test_after_a_signal_the_partial_answer_is_part_of_the_session(
    program: Program, server: OllamaServer
) -> None:
    gate = server.gate()
    server.play(Reply(text="one two three", pace=Pace(hold=gate, hold_after=2)), Reply(text="Again."))
    with program.running("-p", "go", "--output-format", "stream-json") as running:
        next(line for line in running.lines() if b'"text_delta"' in line)
        running.signal(signal.SIGTERM)
        running.ended()
    assert program.run("-p", "and now?", "-c").code == 0
    assert "cut off here" in str(messages_of(server.chats[-1])[2]["content"])


def test_a_line_that_was_torn_is_left_out_and_said(
    server: OllamaServer, program: Program, run: RunInside
) -> None:
    server.play(Reply(text="One."), Reply(text="Two."))
    run("-p", "go")
    [journal] = program.journals()
    journal.write_bytes(journal.read_bytes() + b'{"type":"message_ad')
    ran = run("-p", "and now?", "-c")
    assert (ran.code, ran.out) == (0, "Two.\n")
    assert "1 damaged line" in ran.err


def test_without_a_session_it_says_so_and_asks_nobody(server: OllamaServer, run: RunInside) -> None:
    ran = run("-p", "go", "--continue")
    assert (ran.code, ran.out) == (1, "")
    assert "There is no session to continue in" in ran.err
    assert server.requests == []


def test_a_session_of_another_folder_is_not_taken(
    server: OllamaServer, program: Program, run: RunInside, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.play(Reply(text="One."))
    run("-p", "go")
    monkeypatch.chdir(program.folder)
    assert run("-p", "and now?", "-c").code == 1


@pytest.mark.parametrize(
    ("flag", "value"), [("--model", "another:1"), ("--num-ctx", "8192")], ids=["model", "num_ctx"]
)
def test_a_flag_that_contradicts_the_session_is_refused(
    server: OllamaServer, run: RunInside, flag: str, value: str
) -> None:
    server.add_model("another:1")
    server.play(Reply(text="One."))
    run("-p", "go", "--model", "tiny")
    ran = run("-p", "and now?", "-c", flag, value)
    assert (ran.code, ran.out) == (2, "")
    assert value in ran.err.replace(",", "") and "--continue" in ran.err


@pytest.mark.parametrize("name", ["tiny", "tiny:latest", "TINY"])
def test_another_spelling_of_the_model_is_the_same_model(
    server: OllamaServer, run: RunInside, name: str
) -> None:
    server.play(Reply(text="One."), Reply(text="Two."))
    run("-p", "go")
    assert run("-p", "and now?", "-c", "--model", name).out == "Two.\n"


def test_a_session_that_still_runs_is_not_taken(program: Program, server: OllamaServer) -> None:
    gate = server.gate()
    server.play(Reply(text="one", pace=Pace(hold=gate)))
    with program.running("-p", "go"):
        gate.wait_reached()
        ran = program.run("-p", "and now?", "-c")
    assert ran.code == 1
    assert "is open in another running ollama-code" in ran.err


def test_the_mode_of_a_session_does_not_come_back_by_itself(
    server: OllamaServer, program: Program, run: RunInside
) -> None:
    call = Call("run_shell_command", {"command": "touch made"})
    server.play(Reply(text="One."), Reply(calls=(call,)), Reply(text="Two."))
    run("-p", "go", "--yolo")
    assert run("-p", "and now?", "-c").code == 3
    assert not (program.project / "made").exists()


def test_the_journal_is_one_event_a_line_and_private(
    server: OllamaServer, program: Program, run: RunInside
) -> None:
    server.play(Reply(calls=(READ,)), Reply(text="Done."))
    run("-p", "go")
    [journal] = program.journals()
    types = [event["type"] for event in program.journal()]
    assert (types[0], types[1], types[-1]) == ("session_started", "turn_started", "turn_finished")
    assert journal.stat().st_mode & 0o077 == 0
    assert not re.search(r'"type":\s*"text_delta"', json.dumps(types))
