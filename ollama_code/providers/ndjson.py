"""Lines of newline-delimited JSON out of chunks of bytes. Knows nothing of what the lines mean."""

from __future__ import annotations

from ollama_code.core.errors import ReplyBroken

LINE_LIMIT_BYTES = 8 * 1024 * 1024
"""The longest line that Ollama's own client reads."""


class LineSplitter:
    """Splits on LF alone: a JSON string may hold U+0085 or U+2028 as they are, which `str.splitlines` and most
    line readers would cut. Blank lines are dropped."""

    def __init__(self, limit_bytes: int = LINE_LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._rest = bytearray()

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that `chunk` completes.
        Raises: ReplyBroken when a line is longer than the limit."""
        first, *others = chunk.split(b"\n")
        self._rest += first
        self._check(len(self._rest))
        if not others:
            return []
        *whole, last = others
        lines = [bytes(self._rest), *whole]
        for line in (*whole, last):
            self._check(len(line))
        self._rest = bytearray(last)
        return [line for line in lines if line.strip()]

    def end(self) -> list[bytes]:
        """The last line of a stream that does not end with LF, or nothing."""
        last, self._rest = bytes(self._rest), bytearray()
        return [last] if last.strip() else []

    def _check(self, size_bytes: int) -> None:
        if size_bytes > self._limit_bytes:
            raise ReplyBroken(
                f"The server sent one line of more than {self._limit_bytes:,} bytes, so its answer was given up. "
                "Ask again, for something shorter."
            )
