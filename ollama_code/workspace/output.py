"""The output of a running command in constant memory: its beginning and its end, and a live view."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

HEAD_CHARS = 256 * 1024
TAIL_CHARS = 768 * 1024
"""Together the 1 MB of output a person can look at."""

LIVE_EVERY_S = 0.05
LIVE_CHARS = 8 * 1024

_PIECE_CHARS = 4 * 1024


class HeadAndTail:
    """Text of any length, of which the first `head` and the last `tail` characters stay."""

    def __init__(self, *, head: int = HEAD_CHARS, tail: int = TAIL_CHARS) -> None:
        self._head_limit = head
        self._tail_limit = tail
        self._head: deque[str] = deque()
        self._head_chars = 0
        self._tail: deque[str] = deque()
        self._tail_chars = 0
        self.omitted_chars = 0

    def append(self, text: str) -> None:
        room = self._head_limit - self._head_chars
        if room > 0:
            _push(self._head, text[:room])
            self._head_chars += len(text[:room])
            text = text[room:]
        if text:
            _push(self._tail, text)
            self._tail_chars += len(text)
            self._forget()

    def text(self) -> str:
        head, tail = "".join(self._head), "".join(self._tail)
        if not self.omitted_chars:
            return head + tail
        return f"{head}\n[... {self.omitted_chars:,} characters were not kept ...]\n{tail}"

    def _forget(self) -> None:
        while (excess := self._tail_chars - self._tail_limit) > 0:
            oldest = self._tail.popleft()
            if len(oldest) > excess:
                self._tail.appendleft(oldest[excess:])
            gone = min(len(oldest), excess)
            self._tail_chars -= gone
            self.omitted_chars += gone


class Capture:
    """Where a command's text goes: kept by `HeadAndTail`, and shown to `on_output` at most every 50 ms and
    8 KB at a time, so that a flood costs a screen no more than a trickle. Of more, the latest is shown."""

    def __init__(self, on_output: Callable[[str], None]) -> None:
        self.kept = HeadAndTail()
        self._on_output = on_output
        self._waiting = HeadAndTail(head=0, tail=LIVE_CHARS)
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    async def feed(self, text: str) -> None:
        self.kept.append(text)
        self._waiting.append(text)
        if self._timer is None and not self._closed:
            self._timer = asyncio.get_running_loop().call_later(LIVE_EVERY_S, self._show)

    def close(self) -> None:
        """Show what still waits; what is fed afterwards is shown to nobody."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._show()

    def _show(self) -> None:
        waiting, self._waiting = self._waiting, HeadAndTail(head=0, tail=LIVE_CHARS)
        self._timer = None
        self._on_output(waiting.text().lstrip("\n") if waiting.omitted_chars else waiting.text())


def _push(pieces: deque[str], text: str) -> None:
    """Join small pieces: a million one-character strings would weigh fifty times their text."""
    if pieces and len(pieces[-1]) < _PIECE_CHARS:
        pieces[-1] += text
    else:
        pieces.append(text)
