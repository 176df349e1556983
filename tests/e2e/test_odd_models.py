"""Models that write what nobody asked for: the turn goes on, the model is told, nothing breaks."""

from __future__ import annotations

import json

import pytest

from tests.e2e.program import Program, RunInside, messages_of, told
from tests.ollama_server import Call, OllamaServer, Reply


@pytest.fixture(autouse=True)
def file(program: Program) -> None:
    (program.project / "a.txt").write_text("one\n")


def test_fifty_calls_at_once_get_fifty_answers_in_their_order(
    server: OllamaServer, program: Program, run: RunInside
) -> None:
    for number in range(50):
        (program.project / f"{number}.txt").write_text(f"content {number}.\n")
    calls = tuple(Call("read_file", {"absolute_path": f"{number}.txt"}) for number in range(50))
    server.play(Reply(calls=calls), Reply(text="Read."))
    assert run("-p", "go").code == 0
    answers = told(server.chats[-1])
    assert len(answers) == 50
    assert all(f"content {number}." in answer for number, answer in enumerate(answers))


def test_fifty_commands_at_once_run_one_after_the_other(
    server: OllamaServer, program: Program, run: RunInside
) -> None:
    calls = tuple(Call("run_shell_command", {"command": f"echo {n} >> log"}) for n in range(50))
    server.play(Reply(calls=calls), Reply(text="Ran."))
    assert run("-p", "go", "--yolo").code == 0
    assert (program.project / "log").read_text().split() == [str(n) for n in range(50)]


def test_an_unknown_tool_is_answered_with_the_nearest(server: OllamaServer, run: RunInside) -> None:
    server.play(Reply(calls=(Call("read_fil", {"path": "a.txt"}),)), Reply(text="Ah."))
    assert run("-p", "go").code == 0
    assert told(server.chats[-1])[0].startswith(
        "Error: There is no tool named read_fil. Did you mean read_file"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "missing required arguments: absolute_path"),
        ({"absolute_path": ["a.txt", "b.txt"]}, 'There is no file ["a.txt", "b.txt"]'),
        ({"absolute_path": "a.txt", "offset": "ten"}, "offset must be of type integer"),
        ({"absolute_path": "a.txt", "path": "b.txt"}, "same argument with different values"),
        ({"absolute_path": "a.txt", "offset": -1}, "offset"),
    ],
)
def test_broken_arguments_are_answered_with_the_reason(
    server: OllamaServer, run: RunInside, arguments: dict[str, object], said: str
) -> None:
    server.play(Reply(calls=(Call("read_file", arguments),)), Reply(text="Ah."))
    assert run("-p", "go").code == 0
    [answer] = told(server.chats[-1])
    assert answer.startswith("Error: ") and said in answer


def test_arguments_in_another_spelling_are_understood(server: OllamaServer, run: RunInside) -> None:
    call = Call("functions.readFile", {"filePath": "a.txt", "limit": "5"})
    server.play(Reply(calls=(call,)), Reply(text="Ah."))
    assert run("-p", "go").code == 0
    assert "one" in told(server.chats[-1])[0]


def test_a_model_that_says_nothing_is_asked_once_more(server: OllamaServer, run: RunInside) -> None:
    server.play(Reply(text=""), Reply(text="Sorry: here."))
    ran = run("-p", "go")
    assert (ran.code, ran.out) == (0, "Sorry: here.\n")
    assert "empty" in str(messages_of(server.chats[-1])[-1]["content"])


def test_a_model_that_says_nothing_three_times_has_failed(server: OllamaServer, run: RunInside) -> None:
    server.play(Reply(text=""), Reply(text=" \n"), Reply(text=""))
    ran = run("-p", "go", "--output-format", "json")
    assert (ran.code, ran.report["reason"], ran.report["result"]) == (1, "failed", "")
    assert "third answer" in ran.err


def test_a_model_that_only_thinks_is_asked_once_more(server: OllamaServer, run: RunInside) -> None:
    server.add_model("tiny:latest", capabilities=("completion", "tools", "thinking"))
    server.play(Reply(thinking="Hm."), Reply(text="Here."))
    assert run("-p", "go").out == "Here.\n"


def test_a_model_without_tools_acts_all_the_same(
    server: OllamaServer, program: Program, run: RunInside
) -> None:
    server.add_model("tiny:latest", capabilities=("completion",))
    call = {"name": "write_file", "arguments": {"file_path": "b.txt", "content": 'say "é"\n'}}
    server.play(Reply(text=json.dumps(call)), Reply(text='{"answer": "Written.\\nDone."}'))
    ran = run("-p", "hi", "--yolo")
    assert (ran.code, ran.out, ran.err) == (0, "Written.\nDone.\n", "")
    assert (program.project / "b.txt").read_text() == 'say "é"\n'
    assert not any(chat.json().get("tools") for chat in server.chats)


def test_an_answer_that_fills_the_window_says_so(server: OllamaServer, run: RunInside) -> None:
    server.play(Reply(text="and so on", done_reason="length"))
    ran = run("-p", "hi")
    assert (ran.code, ran.out) == (0, "and so on\n")
    assert "end of the context window" in ran.err


def test_a_result_larger_than_the_window_is_shortened_and_kept(
    server: OllamaServer, program: Program, run: RunInside
) -> None:
    call = Call("run_shell_command", {"command": "seq 1 100000"})
    server.play(Reply(calls=(call,)), Reply(text="Long."))
    assert run("-p", "go", "--yolo").code == 0
    [answer] = told(server.chats[-1])
    assert len(answer) < 20_000 and "exit code 0" in answer
    assert answer.startswith("1\n2\n") and "\n100000\n" in answer


def test_ask_user_without_a_person_is_answered_at_once(server: OllamaServer, run: RunInside) -> None:
    server.play(Reply(calls=(Call("ask_user", {"question": "Red or blue?"}),)), Reply(text="Blue."))
    ran = run("-p", "go")
    assert (ran.code, ran.out) == (0, "Blue.\n")
    assert told(server.chats[-1])[0].startswith("No person is here")
