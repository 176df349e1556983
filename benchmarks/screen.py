"""A program in a pseudo-terminal of 120x40, and the clock beside it. The terminal echoes nothing by itself: what
shows was drawn by the program."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence

import psutil

COLUMNS, ROWS = 120, 40
WITHIN_S = 60.0
KEY, ERASE = "\u2603", "\x7f"
"""What is typed to see it drawn: a character that no text of these benchmarks holds."""


class Screen:
    """`began` is when the program was started, on the clock of `time.monotonic`."""

    def __init__(self, descriptor: int, process: subprocess.Popen[bytes], began: float) -> None:
        self.process = process
        self.began = began
        self.written = bytearray()
        self._descriptor = descriptor
        self._counted = psutil.Process(process.pid)

    def type(self, text: str) -> None:
        os.write(self._descriptor, text.encode())

    def read(self, timeout_s: float) -> bytes:
        """What the program drew now, empty after `timeout_s` without anything."""
        if not select.select([self._descriptor], [], [], timeout_s)[0]:
            return b""
        chunk = os.read(self._descriptor, 65536)
        self.written += chunk
        return chunk

    def until(self, text: str) -> float:
        """When `text` was drawn, seconds after the start. Raises: TimeoutError with what was drawn instead."""
        wanted, end = text.encode(), time.monotonic() + WITHIN_S
        while wanted not in self.written:
            if not self.read(0.05) and time.monotonic() > end:
                raise TimeoutError(f"{text!r} was not drawn: {self.written[-2000:]!r}")
        return time.monotonic() - self.began

    def rest(self, seconds: float) -> None:
        """Let it work alone, drawing what it likes."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.read(left)

    @property
    def cpu_s(self) -> float:
        """Seconds of processor time since its start."""
        times = self._counted.cpu_times()
        return float(times.user + times.system)

    @property
    def rss_mb(self) -> float:
        return float(self._counted.memory_info().rss) / 2**20


@contextlib.contextmanager
def screen(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[Screen]:
    """Gone afterwards, whatever happens."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    settings = termios.tcgetattr(theirs)
    settings[0] &= ~termios.ICRNL
    settings[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(theirs, termios.TCSANOW, settings)
    began = time.monotonic()
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=dict(environment), start_new_session=True
    )
    os.close(theirs)
    try:
        yield Screen(ours, process, began)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
