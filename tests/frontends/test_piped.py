"""Reading stdin without ever hanging on it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ollama_code.frontends.headless.piped import SIZE_LIMIT_BYTES, Piped, read_piped


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    for end in (reading, writing):
        try:
            os.close(end)
        except OSError:  # the test closed it
            continue


def test_everything_up_to_the_end_is_read(pipe: tuple[int, int]) -> None:
    os.write(pipe[1], "é\n".encode())
    os.close(pipe[1])
    assert read_piped(pipe[0]) == Piped("é\n")


def test_a_silent_pipe_is_left_with_a_notice(pipe: tuple[int, int]) -> None:
    piped = read_piped(pipe[0])
    assert piped.text == "" and "sent nothing for 1 s" in piped.notice


def test_a_pipe_that_falls_silent_keeps_what_came(pipe: tuple[int, int]) -> None:
    os.write(pipe[1], b"some")
    piped = read_piped(pipe[0])
    assert piped.text == "some" and "4 bytes" in piped.notice


def test_a_socket_is_read_like_a_pipe() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"from a socket")
        theirs.shutdown(socket.SHUT_WR)
        assert read_piped(ours.fileno()) == Piped("from a socket")


@pytest.mark.parametrize("device", ["/dev/null", "/dev/zero"])
def test_a_device_is_no_input(device: str) -> None:
    with Path(device).open("rb") as file:
        assert read_piped(file.fileno()) == Piped("")


def test_a_descriptor_that_is_closed_is_no_input(pipe: tuple[int, int]) -> None:
    os.close(pipe[0])
    assert read_piped(pipe[0]) == Piped("")


def test_a_terminal_is_no_input() -> None:
    ours, theirs = os.openpty()
    assert read_piped(theirs) == Piped("")
    os.close(ours)
    os.close(theirs)


def test_a_directory_is_a_notice(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    piped = read_piped(descriptor)
    os.close(descriptor)
    assert piped.text == "" and "Reading stdin failed" in piped.notice


def test_a_huge_file_is_cut_with_a_notice(tmp_path: Path) -> None:
    (tmp_path / "huge").write_bytes(b"x" * (SIZE_LIMIT_BYTES + 10))
    with (tmp_path / "huge").open("rb") as file:
        piped = read_piped(file.fileno())
    assert len(piped.text) == SIZE_LIMIT_BYTES and "first 10 MiB" in piped.notice


def test_bytes_that_are_no_text_become_marks(tmp_path: Path) -> None:
    (tmp_path / "odd").write_bytes(b"a\xffb")
    with (tmp_path / "odd").open("rb") as file:
        assert read_piped(file.fileno()).text == "a\ufffdb"
