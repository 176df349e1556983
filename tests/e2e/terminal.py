"""A program in a real pseudo-terminal: read until a text appears, with a deadline; type; look at every byte."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

WITHIN_S = 20.0
_CHUNK_BYTES = 65536
_CURSOR_ASKED = b"\x1b[6n"
_CURSOR_SAID = b"\x1b[1;1R"
_SEQUENCES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][0-9A-Z]|\x1b[=>78M]"
)

ENTER = "\r"
CTRL_C = "\x03"
CTRL_D = "\x04"


class Terminal:
    """`raw` is all that the program has written so far, byte for byte."""

    def __init__(self, descriptor: int, process: subprocess.Popen[bytes]) -> None:
        self.raw = b""
        self.process = process
        self._descriptor = descriptor
        self._seen = 0
        """Characters of `text` that `until` has gone past."""

    @property
    def text(self) -> str:
        """What was written, without the sequences that colour and move."""
        return _SEQUENCES.sub("", self.raw.decode("utf-8", "replace")).replace("\r", "")

    def until(self, *wanted: str, within_s: float = WITHIN_S) -> str:
        """Read until each of `wanted` has appeared, in this order, behind what an earlier call found. What was
        written in between. Raises: AssertionError with the screen when it does not come in time."""
        first = self._seen
        for one in wanted:
            self._find(one, time.monotonic() + within_s)
        return self.text[first : self._seen]

    def type(self, text: str) -> None:
        self.send(text.encode())

    def send(self, data: bytes) -> None:
        """All of it, however long the program takes to read it."""
        while data:
            data = data[os.write(self._descriptor, data) :]

    def enter(self, line: str) -> None:
        self.type(line + ENTER)

    def during(self, seconds: float) -> str:
        """What is written within the next seconds."""
        before, end = len(self.text), time.monotonic() + seconds
        while time.monotonic() < end:
            self._read(end)
        return self.text[before:]

    def hang_up(self) -> None:
        """As a window that is closed: the program gets SIGHUP, and nobody reads what it writes."""
        os.close(self._descriptor)
        self._descriptor = -1

    def ended(self, within_s: float = WITHIN_S) -> int:
        """The exit code, once it has ended."""
        end = time.monotonic() + within_s
        while self._read(end):
            pass
        return self.process.wait(timeout=max(end - time.monotonic(), 0.1))

    def _find(self, wanted: str, end: float) -> None:
        while (at := self.text.find(wanted, self._seen)) < 0:
            assert self._read(end), f"{wanted!r} did not appear; the terminal shows:\n{self.text[-3000:]}"
        self._seen = at + len(wanted)

    def _read(self, end: float) -> bool:
        """Whether something came before the deadline and the end of the program."""
        if not select.select([self._descriptor], [], [], max(end - time.monotonic(), 0))[0]:
            return False
        try:
            chunk = os.read(self._descriptor, _CHUNK_BYTES)
        except OSError:  # EIO: the other side is closed
            return False
        self.raw += chunk
        for _ in range(chunk.count(_CURSOR_ASKED)):  # a program that asks where the cursor is waits for it
            os.write(self._descriptor, _CURSOR_SAID)
        return bool(chunk)


@contextlib.contextmanager
def terminal(command: Sequence[str], directory: Path, environment: Mapping[str, str]) -> Iterator[Terminal]:
    """`command` with a terminal of 100 columns and 40 rows as its controlling one; gone afterwards."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    process = subprocess.Popen(
        command,
        cwd=directory,
        env={**environment, "TERM": "xterm-256color"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        # The new session takes the terminal it opens first; only so does Ctrl+C become a signal.
        preexec_fn=_take_terminal,
    )
    os.close(theirs)
    screen = Terminal(ours, process)
    try:
        yield screen
    finally:
        process.kill()
        process.wait()
        if screen._descriptor >= 0:
            os.close(ours)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
