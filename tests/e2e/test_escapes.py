"""What strangers write never steers the terminal: model text, thinking, tool output, file names, diffs, commands."""

from __future__ import annotations

import re

import pytest

from tests.e2e.program import Program
from tests.e2e.terminal import Terminal, terminal
from tests.ollama_server import Call, OllamaServer, Reply

ATTACK = "\x1b]0;owned\x07\x1b[2J\x1b[38;5;201mred\x9b5mblink\x90q\x9c\x1bcreset\x08\x08\u202eltr"
FORBIDDEN = (
    b"\x1b]0;",
    b"\x1b]52;",
    b"\x1b[2J",
    b"\x1b[38;5;201m",
    b"\xc2\x9b",
    b"\xc2\x90",
    b"\x1bc",
    "\u202e".encode(),
)
NAME = "a\x1b[2J\u202eb.txt"


@pytest.fixture
def screen(program: Program, server: OllamaServer):
    server.add_model("tiny:latest", capabilities=("completion", "tools", "thinking"))
    (program.project / NAME).write_text(f"one {ATTACK}\n")
    with terminal(program.command("--plain"), program.project, program.all_environment()) as opened:
        opened.until("ctx")
        yield opened


def assert_clean(screen: Terminal) -> None:
    assert [bad for bad in FORBIDDEN if bad in screen.raw] == []
    titles = re.findall(rb"\x1b\][^\x07\x1b]*", screen.raw)
    assert titles == []


def test_in_the_text_and_the_thinking_of_a_model(screen: Terminal, server: OllamaServer) -> None:
    server.play(Reply(thinking=f"Hm {ATTACK} so.", text=f"Hello {ATTACK} you."))
    screen.enter("hi")
    screen.until("Hello", "you.", "ctx")
    assert_clean(screen)


def test_torn_between_two_pieces(screen: Terminal, server: OllamaServer) -> None:
    server.play(Reply(pieces=("</think>", "a\x1b", "]0;ow", "ned\x07", "b\x1b[", "2", "J", "c", " end")))
    screen.enter("hi")
    screen.until("end", "ctx")
    assert_clean(screen)


def test_in_what_a_call_is_named_asks_and_prints(screen: Terminal, server: OllamaServer) -> None:
    shell = Call("run_shell_command", {"command": f"printf %s '{ATTACK}'"})
    calls = (
        Call("list_directory", {"path": "."}),
        Call("read_file", {"absolute_path": NAME}),
        Call("read_file", {"absolute_path": f"no{ATTACK}.txt"}),
        Call(f"tool{ATTACK}", {}),
        Call("edit", {"file_path": NAME, "old_string": "one", "new_string": f"two{ATTACK}"}),
        shell,
    )
    server.play(Reply(calls=calls), Reply(text="Done."))
    screen.enter("go")
    for _ in ("edit", "shell"):
        screen.until("1-5>")
        screen.enter("1")
    screen.until("Done.", "ctx")
    assert_clean(screen)


def test_a_command_is_shown_with_what_hides_in_it(screen: Terminal, server: OllamaServer) -> None:
    server.play(Reply(calls=(Call("run_shell_command", {"command": "ls \u202e# txt.exe\x1b[8m; rm x"}),)))
    screen.enter("go")
    shown = screen.until("1-5>")
    assert "<U+202E>" in shown and "<U+001B>" in shown and "rm x" in shown
    assert_clean(screen)


def test_in_a_question_of_the_model(screen: Terminal, server: OllamaServer) -> None:
    call = Call("ask_user", {"question": f"Red {ATTACK}?", "options": [f"yes{ATTACK}", "no"]})
    server.play(Reply(calls=(call,)), Reply(text="Done."))
    screen.enter("go")
    screen.until("answer>")
    screen.enter("2")
    screen.until("Done.", "ctx")
    assert_clean(screen)


def test_on_stderr_without_a_screen(program: Program, server: OllamaServer) -> None:
    server.play(Reply(calls=(Call("run_shell_command", {"command": f"echo {ATTACK}"}),)), Reply(text="No."))
    ran = program.run("-p", "go")
    assert ran.code == 3
    assert [bad for bad in FORBIDDEN if bad in ran.err.encode()] == []
