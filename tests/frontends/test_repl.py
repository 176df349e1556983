"""The plain face as a person meets it: a real terminal, real keys, every byte it writes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.e2e.program import Program, living, messages_of, told
from tests.e2e.terminal import CTRL_C, CTRL_D, Terminal, terminal
from tests.ollama_server import Call, OllamaServer, Pace, Reply

READY = "ctx"
"""Stands in the bar below the prompt, so the program now waits for a line."""
ASKED = "1-5>"
SHELL = Call("run_shell_command", {"command": "touch made"})

Open = Callable[..., Terminal]


@pytest.fixture
def talk(program: Program) -> Iterator[Open]:
    """`talk(*arguments)`: the program at its prompt."""
    with ExitStack() as stack:

        def opened(*arguments: str) -> Terminal:
            command = program.command("--plain", *arguments)
            screen = stack.enter_context(terminal(command, program.project, program.all_environment()))
            screen.until(READY)
            return screen

        yield opened


def test_a_line_gets_an_answer_and_ctrl_d_leaves(server: OllamaServer, talk: Open) -> None:
    server.play(Reply(text="Hello you."))
    screen = talk()
    screen.enter("hi")
    screen.until("Hello you.", READY)
    screen.type(CTRL_D)
    assert screen.ended() == 0


def test_two_lines_are_one_conversation(server: OllamaServer, talk: Open) -> None:
    server.play(Reply(text="First."), Reply(text="Second."))
    screen = talk()
    screen.enter("one")
    screen.until("First.", READY)
    screen.enter("two")
    screen.until("Second.", READY)
    assert [m["role"] for m in messages_of(server.chats[1])] == ["system", "user", "assistant", "user"]


def test_yes_runs_the_command(server: OllamaServer, program: Program, talk: Open) -> None:
    server.play(Reply(calls=(SHELL,)), Reply(text="It is made."))
    screen = talk()
    screen.enter("go")
    shown = screen.until("? Run touch made", ASKED)
    screen.enter("yes please")
    screen.until("That is no answer: 1, 2, 3, 4, 5, y, n are.", ASKED)
    assert not (program.project / "made").exists()
    screen.enter("y")
    screen.until("It is made.", READY)
    assert "touch made" in shown
    assert (program.project / "made").exists()


def test_yes_for_the_session_asks_once(server: OllamaServer, talk: Open) -> None:
    server.play(Reply(calls=(SHELL,)), Reply(calls=(SHELL,)), Reply(text="Twice."))
    screen = talk()
    screen.enter("go")
    screen.until(ASKED)
    screen.enter("2")
    assert "? Run touch made" not in screen.until("Twice.", READY)


def test_a_bare_no_ends_the_turn_and_runs_nothing(server: OllamaServer, program: Program, talk: Open) -> None:
    server.play(Reply(calls=(SHELL,)), Reply(text="Good."))
    screen = talk()
    screen.enter("go")
    screen.until(ASKED)
    screen.enter("4")
    screen.until("Stopped: refused.", READY)
    screen.enter("go on")
    screen.until("Good.")
    assert not (program.project / "made").exists()
    assert told(server.chats[1]) == ["Error: The person refused."]


def test_a_no_with_a_reason_goes_to_the_model(server: OllamaServer, program: Program, talk: Open) -> None:
    server.play(Reply(calls=(SHELL,)), Reply(text="As you wish."))
    screen = talk()
    screen.enter("go")
    screen.until(ASKED)
    screen.enter("5")
    screen.until("why>")
    screen.enter("not today")
    screen.until("As you wish.")
    assert told(server.chats[1]) == ["Error: The person refused: not today"]
    assert not (program.project / "made").exists()


def test_keys_typed_before_the_question_approve_nothing_and_begin_the_next_line(
    server: OllamaServer, program: Program, talk: Open
) -> None:
    asks = server.gate()
    server.play(Reply(calls=(SHELL,), pace=Pace(hold=asks)), Reply(text="Good."))
    screen = talk()
    screen.type("go\r1")
    asks.wait_reached()
    screen.type(" mox\x7fre w\u00f6rd\r")
    asks.open()
    screen.until(ASKED)
    screen.enter("4")
    screen.until("Stopped: refused.", "1 more w\u00f6rd", READY)
    assert not (program.project / "made").exists() and len(server.chats) == 1
    screen.enter("s")
    screen.until("Good.")
    assert "1 more w\u00f6rds" in str(messages_of(server.chats[1])[-1]["content"])


def test_an_edit_is_shown_as_a_diff_before_it_is_made(
    server: OllamaServer, program: Program, talk: Open
) -> None:
    (program.project / "a.txt").write_text("one\n")
    edit = Call("edit", {"file_path": "a.txt", "old_string": "one", "new_string": "two"})
    server.play(Reply(calls=(Call("read_file", {"absolute_path": "a.txt"}), edit)), Reply(text="Done."))
    screen = talk()
    screen.enter("go")
    screen.until("Edit a.txt", "-one", "+two", ASKED)
    assert (program.project / "a.txt").read_text() == "one\n"
    screen.enter("1")
    screen.until("Done.")
    assert (program.project / "a.txt").read_text() == "two\n"


def test_overwriting_a_file_never_read_is_asked_with_a_warning(
    server: OllamaServer, program: Program, talk: Open
) -> None:
    (program.project / "a.txt").write_text("one\n")
    server.play(
        Reply(calls=(Call("write_file", {"file_path": "a.txt", "content": "two\n"}),)), Reply(text="Done.")
    )
    screen = talk("--mode", "auto-edit")
    screen.enter("go")
    screen.until("never read", ASKED)
    screen.enter("1")
    screen.until("Done.")
    assert (program.project / "a.txt").read_text() == "two\n"


def test_ctrl_c_stops_the_turn_and_not_the_program(server: OllamaServer, talk: Open) -> None:
    gate = server.gate()
    server.play(Reply(text="one two three", pace=Pace(hold=gate, hold_after=2)), Reply(text="Again."))
    screen = talk()
    screen.enter("count")
    screen.until("one")
    screen.type(CTRL_C)
    screen.until("Stopped.", READY)
    screen.enter("and now?")
    screen.until("Again.", READY)
    assert server.chats[0].gone.is_set()


def test_ctrl_c_while_reading_says_what_stays_read(server: OllamaServer, talk: Open) -> None:
    reads = server.gate()
    server.play(Reply(text="never", pace=Pace(hold=reads)))
    screen = talk()
    screen.enter("hi")
    reads.wait_reached()
    screen.type(CTRL_C)
    screen.until("Stopped while reading", "read.", "Stopped.", READY)


def test_the_first_load_of_a_model_is_told_with_its_window(server: OllamaServer, program: Program) -> None:
    gate = server.gate()
    server.add_model("tiny:latest", load_hold=gate)
    with terminal(program.command("--plain"), program.project, program.all_environment()) as screen:
        screen.until("... loading tiny:latest with 32,768 tokens")
        gate.open()
        screen.until("Context window: 32,768 tokens, which fits wholly on the GPU.", READY)


def test_ctrl_c_at_a_question_is_a_no_and_after_an_approval_stops_the_turn(
    server: OllamaServer, talk: Open
) -> None:
    gate = server.gate()
    held = Reply(text="one two three", pace=Pace(hold=gate, hold_after=2))
    server.play(Reply(calls=(SHELL,)), Reply(calls=(SHELL,)), held, Reply(text="Again."))
    screen = talk()
    screen.enter("go")
    screen.until(ASKED)
    screen.type(CTRL_C)
    screen.until("Stopped", READY)
    screen.enter("go")
    screen.until(ASKED)
    screen.enter("1")
    screen.until("one")
    screen.type(CTRL_C)
    screen.until("Stopped.", READY)
    screen.enter("and now?")
    screen.until("Again.", READY)


def test_ctrl_c_ends_a_running_command(server: OllamaServer, program: Program, talk: Open) -> None:
    os.mkfifo(program.project / "up")
    command = "echo $$ > pids; sleep 1000 & echo $! >> pids; echo up > up; wait"
    server.play(Reply(calls=(Call("run_shell_command", {"command": command}),)), Reply(text="Again."))
    screen = talk("--yolo")
    screen.enter("go")
    (program.project / "up").read_text()  # returns when the command has written
    screen.type(CTRL_C)
    screen.until("Stopped.", READY)
    assert living(program.project / "pids") == []
    screen.enter("and now?")
    screen.until("Again.")


def test_ctrl_c_twice_at_the_prompt_leaves(talk: Open) -> None:
    screen = talk()
    screen.type(CTRL_C)
    screen.until("Press Ctrl+C again to leave.", READY)
    screen.type(CTRL_C)
    assert screen.ended() == 0


def test_the_commands_answer(server: OllamaServer, talk: Open) -> None:
    screen = talk()
    for line, answer in {
        "/help": "this list",
        "/mode": "The mode is default.",
        "/mode yolo": "The mode is now yolo.",
        "/mode careless": "There is no mode",
        "/todos": "There are no todos.",
        "/tools": "run_shell_command",
        "/jobs": "There are no background jobs.",
        "/jobs stop 7": "7",
        "/moed": "Did you mean /mode?",
    }.items():
        screen.enter(line)
        screen.until(answer, READY)
    screen.enter("/quit")
    assert screen.ended() == 0
    assert server.chats == []


def test_clear_begins_a_session_that_knows_nothing(
    server: OllamaServer, program: Program, talk: Open
) -> None:
    server.play(Reply(text="First."), Reply(text="Second."))
    screen = talk()
    screen.enter("one")
    screen.until("First.", READY)
    screen.enter("/clear")
    screen.until(READY)
    screen.enter("two")
    screen.until("Second.")
    assert len(messages_of(server.chats[1])) == 2
    assert len(program.journals()) == 2


def test_a_changed_mode_is_told_to_the_model_behind_what_it_read(server: OllamaServer, talk: Open) -> None:
    server.play(Reply(text="First."), Reply(text="Second."))
    screen = talk()
    screen.enter("one")
    screen.until("First.", READY)
    screen.enter("/mode plan")
    screen.until("The mode is now plan.", READY)
    screen.enter("two")
    screen.until("Second.")
    assert "Mode: plan" in str(messages_of(server.chats[1])[-1]["content"])
    assert messages_of(server.chats[1])[:2] == messages_of(server.chats[0])


def test_a_session_goes_on_after_continue(server: OllamaServer, program: Program, talk: Open) -> None:
    server.play(Reply(text="First."), Reply(text="Second."))
    assert program.run("-p", "one").code == 0
    screen = talk("--continue")
    screen.enter("two")
    screen.until("Second.")
    assert "Continuing session" in screen.text
    assert len(messages_of(server.chats[1])) == 4


def test_without_a_server_it_stays_and_says_where_it_looked(program: Program) -> None:
    program.url = "http://127.0.0.1:1"
    with terminal(program.command("--plain"), program.project, program.all_environment()) as screen:
        screen.until("http://127.0.0.1:1", "no model")
        screen.enter("hi")
        screen.until("http://127.0.0.1:1", "no model")
        screen.type(CTRL_D)
        assert screen.ended() == 0


def test_a_model_that_is_not_there_leaves_the_session_open(server: OllamaServer, talk: Open) -> None:
    server.play(Reply(text="Still here."))
    screen = talk()
    screen.enter("/model nope")
    screen.until("nope", READY)
    screen.enter("hello")
    screen.until("Still here.", READY)


def test_an_answer_for_the_folder_holds_in_the_next_session_until_it_is_taken_back(
    server: OllamaServer, program: Program, talk: Open
) -> None:
    server.play(*[Reply(calls=(SHELL,)), Reply(text="Made it.")] * 2, Reply(calls=(SHELL,)))
    first = talk()
    first.enter("go")
    first.until("3 yes, always in this folder", ASKED)
    first.enter("3")
    first.until("Made it.", READY)
    second = talk()
    second.enter("go")
    second.until("Made it.", READY)
    second.enter("/permissions")
    second.until("always in this folder  run_shell_command(touch made)", READY)
    second.enter("/permissions remove 1")
    second.until("Taken back", READY)
    second.enter("go")
    second.until(ASKED)


def test_a_question_writes_out_what_cannot_be_seen(server: OllamaServer, talk: Open) -> None:
    server.play(Reply(calls=(Call("run_shell_command", {"command": "echo a\rb \u202ec"}),)))
    screen = talk()
    screen.enter("go")
    shown = screen.until(ASKED)
    assert "echo a<U+000D>b <U+202E>c" in shown
    assert "this session: run_shell_command(echo a<U+000D>b <U+202E>c)" in " ".join(shown.split())
