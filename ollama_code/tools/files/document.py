"""A text file taken apart so that a change touches nothing else: encoding, byte order mark and line ends.

The model reads and writes plain LF text (`body`); what goes back to the disk is spliced into `raw`."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.tools.files.encoding import UTF8, Encoding, detect


@dataclass(frozen=True)
class Span:
    """Replace `body[start:end]` by `text`, which has LF line ends."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Document:
    """`raw` is the decoded file with its own line ends, without the mark."""

    encoding: Encoding
    raw: str

    @classmethod
    def of(cls, data: bytes) -> Document | None:
        """`None` when `data` is no text, or none that could be written back unchanged."""
        encoding = detect(data, complete=True)
        if encoding and encoding.guessed and _faithful(encoding, data) is None:
            encoding = UTF8
        raw = _faithful(encoding, data) if encoding else None
        return cls(encoding, raw) if encoding and raw is not None else None

    @cached_property
    def body(self) -> str:
        return to_lf(self.raw)

    @cached_property
    def _crlf(self) -> list[int]:
        """Where in `body` the line feeds are that have a CR in front of them in `raw`."""
        found: list[int] = []
        at = self.raw.find("\r\n")
        while at >= 0:
            found.append(at - len(found))
            at = self.raw.find("\r\n", at + 2)
        return found

    @property
    def mostly_crlf(self) -> bool:
        return len(self._crlf) * 2 > self.body.count("\n")

    def spliced(self, spans: Sequence[Span]) -> bytes:
        """The file's bytes after `spans` (ascending, apart from each other). A new line ends as the lines it
        replaces, or as its neighbours. Raises: ToolError(FAILED) when the encoding lacks a character."""
        pieces: list[str] = []
        done = 0
        for span in spans:
            pieces.append(self.raw[done : self._raw_at(span.start)])
            pieces.append(self._with_own_ends(span))
            done = self._raw_at(span.end)
        pieces.append(self.raw[done:])
        try:
            return self._encoded("".join(pieces))
        except UnicodeEncodeError as e:
            lacking = str(e.object)[e.start : e.start + 1]
            raise ToolError(
                f"The file is in {self.encoding.codec}, which has no character {lacking!r}. Use plain characters,"
                " or convert the file to UTF-8 first."
            ) from e

    def rewritten(self, content: str) -> bytes:
        """The bytes of a file of this kind with `content`. Line ends are the file's own unless `content`
        brings CRLF itself. Raises: UnicodeEncodeError when the encoding lacks a character."""
        if self.mostly_crlf and "\r\n" not in content:
            content = content.replace("\n", "\r\n")
        return self._encoded(content.removeprefix("\ufeff") if self.encoding.mark else content)

    def _raw_at(self, position: int) -> int:
        return position + bisect_left(self._crlf, position)

    def _with_own_ends(self, span: Span) -> str:
        if "\n" not in span.text:
            return span.text
        crlf = [self._is_crlf(at) for at in _line_feeds(self.body, span.start, span.end)]
        last = crlf[-1] if crlf else self._neighbour_is_crlf(span)
        lines = span.text.split("\n")
        ends = ["\r\n" if (crlf[i] if i < len(crlf) else last) else "\n" for i in range(len(lines) - 1)]
        return "".join(line + end for line, end in zip(lines, [*ends, ""], strict=True))

    def _neighbour_is_crlf(self, span: Span) -> bool:
        near = self.body.find("\n", span.end)
        if near < 0:
            near = self.body.rfind("\n", 0, span.start)
        return near >= 0 and self._is_crlf(near)

    def _is_crlf(self, line_feed: int) -> bool:
        at = bisect_left(self._crlf, line_feed)
        return at < len(self._crlf) and self._crlf[at] == line_feed

    def _encoded(self, raw: str) -> bytes:
        return self.encoding.mark + self.encoding.encode(raw)


def to_lf(text: str) -> str:
    return text.replace("\r\n", "\n")


def require_text(text: str, argument: str) -> None:
    """Raises: ToolError(INVALID_PARAMS) when `text` holds half a character, which no file can."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as e:
        raise ToolError(
            f"{argument} holds a lone surrogate at position {e.start}, which is half of a character."
            " Send whole characters.",
            ErrorType.INVALID_PARAMS,
        ) from e


def _faithful(encoding: Encoding, data: bytes) -> str | None:
    try:
        raw = encoding.decode(data.removeprefix(encoding.mark))
        return raw if encoding.mark + encoding.encode(raw) == data else None
    except UnicodeError:
        return None


def _line_feeds(text: str, start: int, end: int) -> list[int]:
    return [at for at in range(start, end) if text[at] == "\n"]
