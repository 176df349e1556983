"""The blocks of a conversation: what each one holds, and the lines it shows for it. No width, no widget."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Literal, TypeAlias

from ollama_code.core.text import StreamCleaner, clean
from ollama_code.frontends.tui.transcript.displays import (
    FOLDED_CHARS,
    OPEN_CHARS,
    indented,
    text_body,
    text_lines,
)
from ollama_code.frontends.tui.transcript.ink import Ink
from ollama_code.frontends.tui.transcript.line import AnyLine, Line, Span, first_difference
from ollama_code.frontends.tui.transcript.stream import MarkdownStream

Tone: TypeAlias = Literal["dim", "info", "warning", "error"]

BITE_CHARS = 1000
"""How much streamed text is taken in at once; more waits, so that a key press gets in between."""
KEPT_CHARS = 100_000
KEPT_LINES = 2000
"""A block larger than this is not forgotten: making its lines again would hold the keys for too long."""
SLICE = 8000
"""How much of a block's lines is made at once, in characters; a short line counts `_LINE_COST` of them."""
_LINE_COST = 60
USER_ROWS = 20
THINKING_TAIL_CHARS = 240
"""How much of thinking shows while it streams: about three rows."""


class Block:
    """`lines` is up to date after as many `update` as it takes until it is no longer `behind`. A block that folds
    shows less until `is_open`."""

    folds = False
    quiet = False
    """Quiet blocks follow each other without space between."""

    def __init__(self) -> None:
        self.lines: list[AnyLine] = []
        self.is_open = False
        self.behind = False
        """More waits to be taken in at the next frame."""
        self.is_gone = False
        """It has no place in the conversation any more: no row of it is shown."""
        self._rest: Iterator[AnyLine] | None = None
        """The lines that are still to be made."""

    def remove(self) -> None:
        self.is_gone, self.behind = True, False

    def build(self, ink: Ink) -> Iterable[AnyLine]:
        raise NotImplementedError

    def update(self, ink: Ink) -> int:
        """Bring `lines` up to date, by one slice of what is new. Returns the index of the first one that changed."""
        if self._rest is not None:
            first = len(self.lines)
            self.lines += self._slice(0)
            return first
        self._rest = iter(self.build(ink))
        new = self._slice(len(self.lines))
        first = first_difference(self.lines, new)
        self.lines[first:] = new[first:]
        return first

    def _slice(self, least: int) -> list[AnyLine]:
        """The next lines, `least` or as many as one slice holds."""
        assert self._rest is not None
        found: list[AnyLine] = []
        left = SLICE
        for line in self._rest:
            found.append(line)
            left -= line.size + _LINE_COST
            if left <= 0 and len(found) >= least:
                self.behind = True
                return found
        self._rest, self.behind = None, False
        return found

    def restart(self) -> None:
        """What it says has changed: the next `update` begins anew."""
        if self._rest is not None:
            self._rest, self.behind = None, False

    def forget(self) -> bool:
        """Free what `update` can make again; false when that would take too long."""
        if len(self.lines) > KEPT_LINES:
            return False
        self.restart()
        self.lines = []
        return True

    def estimate(self, width: int) -> int:
        """About how many rows the block takes, before its lines exist."""
        return max(1, len(self.lines))


class UserBlock(Block):
    """The person's words; a long paste folds."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text.strip("\n")
        self.folds = self._text.count("\n") >= USER_ROWS or len(text) > FOLDED_CHARS

    def build(self, ink: Ink) -> Iterator[AnyLine]:
        folded = self.folds and not self.is_open
        found = text_body(self._text, ink.user, USER_ROWS if folded else None)
        for number, line in enumerate(found.told(ink)):
            if number == 0 and isinstance(line, Line):
                line = replace(line, lead=(("❯ ", ink.user),), folds=self.folds)
            yield line

    def estimate(self, width: int) -> int:
        return USER_ROWS if self.folds else rows_of(self._text, width)


class NoticeBlock(Block):
    """A few words from the program, or the output of one of its commands."""

    _LEADS: dict[Tone, str] = {"dim": "· ", "info": "", "warning": "! ", "error": "✗ "}

    def __init__(self, text: str, tone: Tone) -> None:
        super().__init__()
        self.quiet = tone == "dim"
        self._text = clean(text[:OPEN_CHARS]).strip("\n")
        self._tone = tone

    def build(self, ink: Ink) -> Iterator[AnyLine]:
        style = {"dim": ink.dim, "info": ink.text, "warning": ink.warning, "error": ink.error}[self._tone]
        lead = self._LEADS[self._tone]
        return text_lines(self._text, style, (lead, style) if lead else None)

    def estimate(self, width: int) -> int:
        return rows_of(self._text, width)


class AnswerBlock(Block):
    """The model's words. While they stream only the tail is rendered again."""

    def __init__(self, source: str = "") -> None:
        super().__init__()
        self._waiting = [source] if source else []  # as it came, not taken in yet
        self._cleaner = StreamCleaner()
        self._source: list[str] = []
        self._stream: MarkdownStream | None = None
        self._done = bool(source)
        self._finished = False
        self._struck = False

    @property
    def source(self) -> str:
        """The words so far, clean."""
        return "".join(self._source) + clean("".join(self._waiting))

    def add(self, piece: str) -> None:
        self._waiting.append(piece)

    def finish(self) -> None:
        self._done = True

    def strike(self) -> None:
        """The provider took these words back."""
        self._struck, self.behind = True, False

    def correct(self, text: str) -> None:
        """These are the words that were really meant."""
        self._waiting, self._source = [text], []
        self._cleaner, self._stream = StreamCleaner(), None
        self._done = True

    def update(self, ink: Ink) -> int:
        if self._struck:
            return super().update(ink)
        first = len(self.lines)
        if self._stream is None:
            self._stream, self._finished, first = MarkdownStream(ink), False, 0
            self._stream.feed("".join(self._source))
        first = min(first, self._feed(self._bite(max(BITE_CHARS, self._stream.tail_chars // 2))))
        self.behind = bool(self._waiting)
        if self._done and not self.behind and not self._finished:
            self._finished = True
            first = min(first, self._feed(self._cleaner.flush()), self._stream.finish())
        self.lines = self._stream.lines
        return first

    def build(self, ink: Ink) -> Iterator[AnyLine]:
        """Only for words taken back; otherwise `update` streams."""
        return text_lines(self.source.strip("\n"), ink.dim + ink.struck)

    def forget(self) -> bool:
        if sum(map(len, self._source)) > KEPT_CHARS:
            return False
        self._stream = None
        self._source = ["".join(self._source)]
        self.lines = []
        return True

    def estimate(self, width: int) -> int:
        return len(self.lines) or sum(rows_of(piece, width) for piece in (*self._source, *self._waiting)) or 1

    def _bite(self, size: int) -> str:
        """The next `size` characters of what waits, clean."""
        text = "".join(self._waiting)
        rest = text[size:]
        self._waiting = [rest] if rest else []
        return self._cleaner.feed(text[:size])

    def _feed(self, text: str) -> int:
        assert self._stream is not None
        if not text:
            return len(self._stream.lines)
        self._source.append(text)
        return self._stream.feed(text)


class ThinkingBlock(Block):
    """A few live words while it streams, one line when it ended, all of it when opened."""

    folds = True

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self._pieces = [clean(text)] if text else []
        self._cleaner = StreamCleaner()
        self._done = bool(text)
        self._struck = False

    def add(self, piece: str) -> None:
        self._pieces.append(self._cleaner.feed(piece))

    def finish(self) -> None:
        if not self._done:
            self._pieces = ["".join([*self._pieces, self._cleaner.flush()])]
            self._done = True

    def strike(self) -> None:
        self._struck = True

    def build(self, ink: Ink) -> Iterator[AnyLine]:
        hang: tuple[Span, ...] = (("  ", ink.thinking),)
        if not self._done:
            yield Line((("thinking", ink.thinking),), lead=(("∴ ", ink.dim),), folds=True)
            text = self._all() if self.is_open else self._tail()
            yield from indented(text_lines(text, ink.thinking), hang)
            return
        words = len(self._all().split())
        count = f"thought for {words:,} {'word' if words == 1 else 'words'}"
        style = ink.thinking + ink.struck if self._struck else ink.thinking
        if not self.is_open:
            tip = (" - click or Ctrl+O", ink.dim)
            yield Line(((count, style), tip), lead=(("∴ ", ink.dim),), folds=True)
            return
        yield Line(((count, style),), lead=(("∴ ", ink.dim),), folds=True)
        yield from indented(text_lines(self._all(), style), hang)

    def _all(self) -> str:
        return "".join(self._pieces).strip("\n")

    def _tail(self) -> str:
        found, size = [], 0
        for piece in reversed(self._pieces):
            found.append(piece[-THINKING_TAIL_CHARS:])
            size += len(piece)
            if size > THINKING_TAIL_CHARS:
                break
        text = " ".join("".join(reversed(found)).split())
        if size <= THINKING_TAIL_CHARS:
            return text
        return "… " + text[-THINKING_TAIL_CHARS:].partition(" ")[2]


def rows_of(text: str, width: int) -> int:
    return text.count("\n") + 1 + len(text) // max(10, width)
