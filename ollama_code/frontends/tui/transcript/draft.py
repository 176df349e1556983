"""A call while the model writes it: short arguments beside its name, long ones line by line, the last lines in sight.
Holds no more than it shows."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from rich.style import Style

from ollama_code.core.text import StreamCleaner, one_line
from ollama_code.frontends.tui.transcript.code import Highlighter, Lexer, lexer_for
from ollama_code.frontends.tui.transcript.displays import clipped
from ollama_code.frontends.tui.transcript.ink import Ink
from ollama_code.frontends.tui.transcript.line import AnyLine, Line, Span

DRAFT_ROWS = 8
SHORT_CHARS = 160
"""A value of one line up to this length stands beside the name."""
LINE_CHARS = 2000
"""More of a line is not kept: only its beginning can be seen."""


@dataclass(frozen=True)
class _Row:
    """`sign` is "-" or "+" in a replacement, else empty; `number` counts from 1 in its argument."""

    sign: str
    number: int
    text: str


class CallDraft:
    """What has been written of one call. An argument `old_...` is what goes, `new_...` what comes."""

    def __init__(self, name: str) -> None:
        self.tokens = 0
        self.is_written = False
        """Whether the model has gone on to something else."""
        self._name = one_line(name)
        self._told: list[str] = []
        self._argument = ""
        self._cleaner = StreamCleaner()
        self._line = ""
        self._number = 1
        self._rows: deque[_Row] = deque(maxlen=DRAFT_ROWS)
        self._lines = 0
        """Complete lines in all."""

    def add(self, argument: str, text: str, tokens: int) -> None:
        self.tokens = tokens
        if argument != self._argument:
            self._close()
            self._argument = argument
        *whole, self._line = (self._line + self._cleaner.feed(text)).split("\n")
        for line in whole:
            self._keep(line)
        if len(self._line) > LINE_CHARS:
            self._line = self._line[:LINE_CHARS]

    @property
    def title(self) -> str:
        growing = [self._line] if self._is_short else []
        return one_line(" ".join([self._name, *self._told, *growing]), limit=SHORT_CHARS)

    @property
    def words(self) -> str:
        state = "written" if self.is_written else "writing"
        return f"{state}, {self.tokens:,} {'token' if self.tokens == 1 else 'tokens'}"

    def lines(self, ink: Ink) -> Iterator[AnyLine]:
        """The last lines of what is long."""
        rows = [*self._rows]
        if self._line and not self._is_short:
            rows.append(_Row(self._sign, self._number, self._line))
        rows = rows[-DRAFT_ROWS:]
        above = self._lines + bool(self._line and not self._is_short) - len(rows)
        if above > 0:
            yield Line(((f"… {above:,} {'line' if above == 1 else 'lines'} above", ink.dim),))
        colours = Highlighter(
            next(filter(None, map(_lexer, self._told)), None), ink, ink.palette.code.background
        )
        for row in rows:
            yield _painted(row, ink, colours)

    @property
    def _is_short(self) -> bool:
        return self._number == 1 and len(self._line) <= SHORT_CHARS and not self._sign

    @property
    def _sign(self) -> str:
        return {"old": "-", "new": "+"}.get(self._argument.partition("_")[0].lower(), "")

    def _keep(self, line: str) -> None:
        self._rows.append(_Row(self._sign, self._number, line[:LINE_CHARS]))
        self._lines += 1
        self._number += 1

    def _close(self) -> None:
        """The argument that was being written is complete."""
        if self._is_short and self._line:
            self._told.append(self._line)
        elif self._line:
            self._keep(self._line)
        self._line, self._number, self._cleaner = "", 1, StreamCleaner()


def _lexer(word: str) -> Lexer | None:
    return lexer_for(word) if "." in word else None


def _painted(row: _Row, ink: Ink, colours: Highlighter) -> Line:
    text = clipped(row.text, 300)
    if row.sign:
        style: Style = ink.added if row.sign == "+" else ink.removed
        return Line(((text, style),), lead=((f"{row.sign} ", style),), hang=(("  ", style),), fill=style)
    number: Span = (f"{row.number:>4} ", ink.dim)
    return Line(colours.line(text), lead=(number,), hang=(("     ", ink.dim),), fill=ink.code)
