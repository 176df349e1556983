"""Everything that can be wrong with a server: a sentence that says what to do, a retry where that helps, no loss."""

from __future__ import annotations

import socket

import pytest

from tests.e2e.program import Program, RunInside, told, unanswered
from tests.ollama_server import Call, Fault, Model, OllamaServer, Reply

READ = Call("read_file", {"absolute_path": "a.txt"})
PARSE = "error parsing tool call: raw='{\"a\": ', err=unexpected end of JSON input"


@pytest.fixture(autouse=True)
def file(program: Program) -> None:
    (program.project / "a.txt").write_text("one\n")


def test_nobody_at_the_address_is_a_sentence_and_it_gives_up(program: Program) -> None:
    with socket.socket() as taken:  # bound and not listening: whoever connects is refused
        taken.bind(("127.0.0.1", 0))
        program.url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        ran = program.run("-p", "hi")
    assert (ran.code, ran.out) == (1, "")
    assert program.url in ran.err and "ollama serve" in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_missing_model_is_a_sentence_with_the_pull(server: OllamaServer, run: RunInside) -> None:
    ran = run("-p", "hi", "--model", "qwen9:1t")
    assert (ran.code, ran.out) == (1, "")
    assert 'ollama pull qwen9:1t"' in ran.err
    assert server.chats == []


def test_a_model_that_goes_away_in_between_is_a_sentence(server: OllamaServer, run: RunInside) -> None:
    server.play(Fault.status(404, "model 'tiny:latest' not found"))
    ran = run("-p", "hi")
    assert ran.code == 1
    assert 'ollama pull tiny:latest"' in ran.err


def test_several_models_are_listed_and_none_is_guessed(server: OllamaServer, run: RunInside) -> None:
    server.add_model("second:7b")
    ran = run("-p", "hi")
    assert (ran.code, ran.out) == (2, "")
    assert "tiny:latest, second:7b" in ran.err and "--model" in ran.err


def test_the_model_used_last_is_taken_again(server: OllamaServer, run: RunInside) -> None:
    server.add_model("second:7b")
    server.play(Reply(text="One."), Reply(text="Two."))
    run("-p", "hi", "--model", "second:7b")
    assert run("-p", "hi").out == "Two.\n"
    assert server.chats[-1].json()["model"] == "second:7b"


def test_no_model_at_all_is_a_sentence_with_a_pull(program: Program) -> None:
    with OllamaServer(models=[Model("nomic-embed-text", capabilities=("embedding",))]) as bare:
        program.url = bare.url
        ran = program.run("-p", "hi")
    assert ran.code == 1
    assert "ollama pull" in ran.err


@pytest.mark.parametrize("fault", [Fault.cut, Fault.drop], ids=["end without done", "connection lost"])
def test_a_cut_stream_is_asked_for_once_more(server: OllamaServer, run: RunInside, fault) -> None:
    server.play(fault("Half of"), Reply(text="All of it."))
    ran = run("-p", "hi")
    assert (ran.code, ran.out) == (0, "All of it.\n")
    assert "stopped in the middle" in ran.err and "Trying again" in ran.err
    assert server.chats[0].body == server.chats[1].body


def test_what_a_cut_stream_had_said_is_announced_as_discarded(server: OllamaServer, run: RunInside) -> None:
    server.play(Fault.cut("Half of"), Reply(text="All of it."))
    events = run("-p", "hi", "--output-format", "stream-json").events
    [retried] = [event for event in events if event["type"] == "retried"]
    assert (retried["discarded"], retried["attempt"]) == ("Half of", 1)


def test_a_stream_cut_twice_is_a_sentence_and_loses_nothing(
    server: OllamaServer, program: Program, run: RunInside
) -> None:
    server.play(Fault.cut("First half"), Fault.cut("Second half"))
    ran = run("-p", "hi", "--output-format", "json")
    assert (ran.code, ran.report["reason"]) == (1, "failed")
    assert "stopped in the middle" in ran.err
    assert "Second half" in str(ran.report["result"])
    assert "Second half" in program.journals()[0].read_text()
    assert len(server.chats) == 2


def test_calls_of_a_cut_stream_are_not_run(server: OllamaServer, program: Program, run: RunInside) -> None:
    call = Call("run_shell_command", {"command": "touch made"})
    cut = Fault.cut(Reply(text="I will.", calls=(call,)))
    server.play(cut, cut)
    assert run("-p", "go", "--yolo").code == 1
    assert not (program.project / "made").exists()
    assert unanswered(program.journal()) == set()


def test_an_error_line_in_the_middle_is_a_sentence(server: OllamaServer, run: RunInside) -> None:
    fault = Fault.error_line("an error was encountered while running the model: CUDA error", "Half of")
    server.play(fault, fault)
    ran = run("-p", "hi")
    assert ran.code == 1
    assert "CUDA error" in ran.err and "log of the Ollama server" in ran.err


def test_a_reply_the_server_cannot_parse_is_asked_for_again(server: OllamaServer, run: RunInside) -> None:
    server.play(Fault.status(500, PARSE), Fault.error_line(PARSE, "Half"), Reply(text="Now."))
    ran = run("-p", "hi")
    assert (ran.code, ran.out) == (0, "Now.\n")


def test_a_reply_that_stays_unreadable_is_a_sentence(server: OllamaServer, run: RunInside) -> None:
    server.play(*[Fault.status(500, PARSE)] * 3)
    ran = run("-p", "hi")
    assert ran.code == 1
    assert "error parsing tool call" in ran.err and "the third answer" in ran.err
    assert server.unplayed == 0


def test_a_busy_server_is_asked_again(server: OllamaServer, run: RunInside) -> None:
    server.play(Fault.busy(), Reply(text="Now."))
    ran = run("-p", "hi")
    assert (ran.code, ran.out) == (0, "Now.\n")
    assert "too much to do" in ran.err


def test_a_model_that_does_not_load_is_not_tried_again(server: OllamaServer, run: RunInside) -> None:
    server.add_model("tiny:latest", load_error="error: unable to allocate CPU buffer: out of memory")
    server.play(Reply(text="never said"))
    ran = run("-p", "hi")
    assert ran.code == 1
    assert "could not load" in ran.err and "--num-ctx" in ran.err
    assert server.chats == []


def test_a_prompt_longer_than_the_window_is_refused_and_not_cut(server: OllamaServer, run: RunInside) -> None:
    ran = run("-p", "word " * 40_000)
    assert ran.code == 1
    assert "context window" in ran.err and "--num-ctx" in ran.err
    assert server.read_tokens == []


def test_something_that_is_not_ollama_is_named(server: OllamaServer, run: RunInside) -> None:
    server.play(Fault.payload(200, b"<html>Welcome</html>", "text/html"))
    ran = run("-p", "hi")
    assert ran.code == 1
    assert "is not Ollama" in ran.err


def test_nothing_is_asked_but_the_routes_a_turn_needs(server: OllamaServer, run: RunInside) -> None:
    server.play(Reply(calls=(READ,)), Reply(text="Done."))
    run("-p", "go")
    assert told(server.chats[-1])
    asked = [request.path for request in server.requests]
    measured = ["/api/ps", "/api/chat", "/api/ps"]
    assert asked == ["/api/tags", "/api/show", *measured, "/api/ps", "/api/chat", "/api/chat"]
    server.play(Reply(text="Again."))
    run("-p", "go")
    again = [request.path for request in server.requests[len(asked) :]]
    assert again == ["/api/tags", "/api/show", "/api/ps", "/api/chat"]
