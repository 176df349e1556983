"""One page of a text file of any size, in constant memory.

Lines are found in bytes; a wide encoding is turned into UTF-8 on the way. Pages laid end to end are the file,
with LF for CRLF, except for lines longer than a page, which are cut and say so."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from ollama_code.tools.files.document import to_lf
from ollama_code.tools.files.encoding import UTF8, Encoding

_CHUNK_BYTES = 256 * 1024
_COUNTED_BYTES = 1024**3
"""How far behind the page lines are still counted, to say of how many this page is a part: about 0.5 s."""
_BYTES_PER_CHAR = 8
"""A character takes at most 4 bytes, and half of them may be the CR of empty CRLF lines."""


@dataclass(frozen=True)
class Window:
    """`offset` counts lines (or pages, or cells) from 0; `budget_chars` bounds the text."""

    offset: int
    limit: int
    budget_chars: int


@dataclass(frozen=True)
class Page:
    """`text` has `lines` lines beginning with number `offset`. `total` is `None` when the rest of the file is
    too long to count. `torn` says that the only line is longer than the page and was cut."""

    text: str
    offset: int
    lines: int
    total: int | None
    torn: bool = False

    @property
    def end(self) -> int:
        return self.offset + self.lines

    @property
    def whole(self) -> bool:
        return self.offset == 0 and self.end == self.total and not self.torn


def read_page(file: BinaryIO, encoding: Encoding, window: Window) -> Page:
    """`file` stands at its beginning. An offset past the end gives a page of 0 lines with the true total."""
    lines = _Lines(file, encoding)
    lines.skip(window.offset)
    data = lines.take(window.limit, window.budget_chars * _BYTES_PER_CHAR)
    text = to_lf((encoding if encoding.bytewise else UTF8).decode(data) if data else "")
    kept, torn = _within(text, window.budget_chars)
    shown = kept.count("\n") + (not kept.endswith("\n") if kept else 0)
    return Page(text=kept, offset=window.offset, lines=shown, total=lines.total(), torn=torn)


def _within(text: str, budget_chars: int) -> tuple[str, bool]:
    """As many whole lines as fit, or the beginning of the first one and `True`."""
    if len(text) <= budget_chars:
        return text, False
    end = text.rfind("\n", 0, budget_chars)
    return (text[: end + 1], False) if end >= 0 else (text[:budget_chars], True)


class _Lines:
    """A reader that knows how many lines have gone by. Only ever one chunk and one page are in memory."""

    def __init__(self, file: BinaryIO, encoding: Encoding) -> None:
        self._chunks = _chunks(file, encoding)
        self._ahead = b""
        self._line_feeds = 0
        self._last = b"\n"

    def skip(self, lines: int) -> None:
        while lines and (self._ahead or self._fill()):
            found = self._ahead.count(b"\n")
            end = _after(self._ahead, lines) if found >= lines else len(self._ahead)
            self._consume(end)
            lines -= min(found, lines)

    def take(self, lines: int, most_bytes: int) -> bytes:
        """At most `lines` lines; more than `most_bytes` only by less than a chunk."""
        kept = bytearray()
        while lines and len(kept) <= most_bytes and (self._ahead or self._fill()):
            found = self._ahead.count(b"\n")
            kept += self._consume(_after(self._ahead, lines) if found >= lines else len(self._ahead))
            lines -= min(found, lines)
        return bytes(kept)

    def total(self) -> int | None:
        """How many lines the file has; reads on to the end, or as far as is sensible."""
        behind = 0
        while self._ahead or self._fill():
            behind += len(self._ahead)
            if behind > _COUNTED_BYTES:
                return None
            self._consume(len(self._ahead))
        return self._line_feeds + (self._last != b"\n")

    def _fill(self) -> bool:
        self._ahead = next(self._chunks, b"")
        return bool(self._ahead)

    def _consume(self, end: int) -> bytes:
        taken, self._ahead = self._ahead[:end], self._ahead[end:]
        self._line_feeds += taken.count(b"\n")
        self._last = taken[-1:] or self._last
        return taken


def _chunks(file: BinaryIO, encoding: Encoding) -> Iterator[bytes]:
    file.read(len(encoding.mark))
    if encoding.bytewise:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
        return
    decoder = codecs.getincrementaldecoder(encoding.codec)("replace")
    while chunk := file.read(_CHUNK_BYTES):
        if text := decoder.decode(chunk).encode("utf-8", "replace"):
            yield text
    if rest := decoder.decode(b"", final=True):
        yield rest.encode("utf-8", "replace")


def _after(data: bytes, lines: int) -> int:
    """Where in `data` the line after the `lines`-th line feed begins; there are at least so many."""
    at = 0
    for _ in range(lines):
        at = data.index(b"\n", at) + 1
    return at
