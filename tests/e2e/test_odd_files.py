"""Files a model stumbles over, met by the whole program: huge, binary, UTF-16, CRLF, pipes, and floods of output."""

from __future__ import annotations

import os

import pytest

from tests.e2e.program import Program, RunInside, told
from tests.ollama_server import Call, OllamaServer, Reply


def read(path: str, **more: int) -> Call:
    return Call("read_file", {"absolute_path": path, **more})


def test_a_log_of_200_mb_is_read_page_by_page(server: OllamaServer, program: Program, run: RunInside) -> None:
    with (program.project / "huge.log").open("wb") as file:
        for _ in range(200):
            file.write(b"a line of the log, a little longer than most\n" * 23_302)
    server.play(
        Reply(calls=(read("huge.log"), read("huge.log", offset=4_000_000, limit=3))), Reply(text="Read.")
    )
    assert run("-p", "go").code == 0
    first, later = told(server.chats[-1])
    assert "a line of the log" in first and "a line of the log" in later
    assert len(first) < 30_000 and len(later) < 1_000


def test_a_named_pipe_is_refused_and_does_not_hang(
    server: OllamaServer, program: Program, run: RunInside
) -> None:
    os.mkfifo(program.project / "pipe")
    server.play(Reply(calls=(read("pipe"), Call("grep_search", {"pattern": "x"}))), Reply(text="Well."))
    assert run("-p", "go").code == 0
    assert told(server.chats[-1])[0].startswith("Error: ")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"one\r\nend\r\n", b"two\r\nend\r\n"),
        ("one\nend\n".encode("utf-16"), "two\nend\n".encode("utf-16")),
        (b"\xef\xbb\xbfone\nend", b"\xef\xbb\xbftwo\nend"),
    ],
    ids=["CRLF", "UTF-16", "BOM"],
)
def test_an_edit_keeps_what_it_was_not_asked_to_change(
    server: OllamaServer, program: Program, run: RunInside, before: bytes, after: bytes
) -> None:
    (program.project / "a.txt").write_bytes(before)
    edit = Call("edit", {"file_path": "a.txt", "old_string": "one\nend", "new_string": "two\nend"})
    server.play(Reply(calls=(read("a.txt"), edit)), Reply(text="Done."))
    assert run("-p", "go", "--mode", "auto-edit").code == 0
    assert (program.project / "a.txt").read_bytes() == after


def test_a_binary_file_is_not_edited(server: OllamaServer, program: Program, run: RunInside) -> None:
    (program.project / "a.bin").write_bytes(b"\x7fELF\x00one\x00\xff")
    edit = Call("edit", {"file_path": "a.bin", "old_string": "one", "new_string": "two"})
    server.play(Reply(calls=(read("a.bin"), edit)), Reply(text="Well."))
    assert run("-p", "go", "--yolo").code == 0
    assert told(server.chats[-1])[1].startswith("Error: ")
    assert b"one" in (program.project / "a.bin").read_bytes()


def test_a_command_that_floods_is_bounded(server: OllamaServer, run: RunInside) -> None:
    call = Call("run_shell_command", {"command": "yes | head -c 30000000"})
    server.play(Reply(calls=(call,)), Reply(text="Wet."))
    assert run("-p", "go", "--yolo").code == 0
    assert len(told(server.chats[-1])[0]) < 20_000


def test_a_command_that_ignores_sigterm_is_ended_when_its_time_is_up(
    server: OllamaServer, run: RunInside
) -> None:
    call = Call("run_shell_command", {"command": "trap '' TERM; sleep 1000", "timeout": 200})
    server.play(Reply(calls=(call,)), Reply(text="Gone."))
    ran = run("-p", "go", "--yolo")
    assert (ran.code, ran.out) == (0, "Gone.\n")
    assert "did not end in time" in told(server.chats[-1])[0]
