"""The block of one tool call: its state as a mark, its title, live output while it runs, then what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from rich.style import Style

from ollama_code.core.display import DiffBlock, Display
from ollama_code.core.results import Ending, ToolResult
from ollama_code.core.text import StreamCleaner, clean, one_line
from ollama_code.frontends.tui.transcript.blocks import Block
from ollama_code.frontends.tui.transcript.displays import (
    TEXT_ROWS,
    Body,
    body,
    clipped,
    summary,
    text_body,
)
from ollama_code.frontends.tui.transcript.draft import CallDraft
from ollama_code.frontends.tui.transcript.ink import Ink
from ollama_code.frontends.tui.transcript.line import AnyLine, Line, Link, Span

LIVE_ROWS = 6
NOTE_ROWS = 12
LIVE_CHARS = 8000
"""How much live output is kept while a command runs; the result brings all of it."""


class State(StrEnum):
    WRITING = "writing"
    RUNNING = "running"
    ASKED = "asks"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    STOPPED = "stopped"


_NOTED = (State.FAILED, State.REFUSED)
"""They say why."""
_MARKS = {
    State.WRITING: "○",
    State.RUNNING: "○",
    State.ASKED: "○",
    State.DONE: "●",
    State.FAILED: "✗",
    State.REFUSED: "⊘",
    State.STOPPED: "◌",
}


class ToolBlock(Block):
    folds = True

    def __init__(self, title: str = "", draft: CallDraft | None = None) -> None:
        """A call with its title, or one that is still being written."""
        super().__init__()
        self.state = State.WRITING if draft else State.RUNNING
        self._draft = draft
        self._title = one_line(title)
        self._live = ""
        self._cleaner = StreamCleaner()
        self._note = ""
        self._display: Display | None = None
        self._text = ""

    def write(self, argument: str, text: str, tokens: int) -> None:
        if self._draft:
            self._draft.add(argument, text, tokens)

    def written(self) -> None:
        """It is complete, and waits for the others of its answer."""
        if self._draft:
            self._draft.is_written = True

    def start(self, title: str) -> None:
        """It is complete and is carried out."""
        self.state, self._draft, self._title = State.RUNNING, None, one_line(title)

    def progress(self, text: str) -> None:
        self._live = (self._live + self._cleaner.feed(text))[-LIVE_CHARS:]

    @property
    def is_open_ended(self) -> bool:
        return self.state in (State.RUNNING, State.ASKED)

    def ask(self) -> None:
        """It waits for the person's permission."""
        self.state = State.ASKED

    def allow(self) -> None:
        self.state = State.RUNNING

    def refuse(self, note: str) -> None:
        self.state, self._note = State.REFUSED, clean(note).strip()

    def stop(self) -> None:
        """The turn ended before the call did."""
        if self.is_open_ended:
            self.state = State.STOPPED

    def finish(self, result: ToolResult) -> None:
        self._display, self._live = result.return_display, ""
        self.state = State(result.ending)
        if result.error is not None and not (self._note and self.state is State.REFUSED):
            self._note = clean(result.error.message).strip()

    def finish_recalled(self, text: str, ending: Ending) -> None:
        """A call of a continued session: only what the model read is left of it."""
        self.state = State(ending)
        if self.state in _NOTED:
            self._note = clean(text).strip()
        else:
            self._text = text

    def estimate(self, width: int) -> int:
        return max(len(self.lines), 3)

    def build(self, ink: Ink) -> Iterator[AnyLine]:
        yield self._head(ink)
        if self._draft:
            yield from Body(self._draft.lines(ink)).told(ink)
        if self.state is State.RUNNING and self._live:
            yield from Body(self._live_lines(ink)).told(ink)
        if self._note and self.state in _NOTED:
            tone = ink.error if self.state is State.FAILED else ink.warning
            yield from text_body(self._note, tone, None if self.is_open else NOTE_ROWS).told(ink)
        yield from self._body(ink).told(ink)

    def _head(self, ink: Ink) -> Line:
        color = self._color(ink)
        if self._draft:
            title, words = self._draft.title, self._draft.words
            return Line(
                ((title, ink.title), (f"  {words}", color)), lead=((f"{_MARKS[self.state]} ", color),)
            )
        spans: list[Span] = [(self._title, ink.title)]
        if self.state is not State.DONE:
            spans.append((f"  {self.state}", color))
        if self._display is not None and (told := summary(self._display, ink)):
            spans += [("  ", ink.text), *told]
        links: tuple[Link, ...] = ()
        if isinstance(self._display, DiffBlock) and (at := self._title.find(self._display.path)) >= 0:
            links = (Link(at, at + len(self._display.path), self._display.path),)
        lead, hang = (f"{_MARKS[self.state]} ", color), ("  ", color)
        return Line(tuple(spans), lead=(lead,), hang=(hang,), folds=True, links=links)

    def _color(self, ink: Ink) -> Style:
        return {
            State.WRITING: ink.accent,
            State.RUNNING: ink.accent,
            State.ASKED: ink.warning,
            State.DONE: ink.success,
            State.FAILED: ink.error,
            State.REFUSED: ink.warning,
            State.STOPPED: ink.dim,
        }[self.state]

    def _live_lines(self, ink: Ink) -> list[AnyLine]:
        rows = self._live.rstrip("\n").split("\n")[-LIVE_ROWS:]
        return [Line(((clipped(row, 300), ink.dim),)) for row in rows]

    def _body(self, ink: Ink) -> Body:
        if self._display is not None:
            return body(self._display, ink, folded=not self.is_open)
        if self._text:
            return text_body(self._text, ink.dim, None if self.is_open else TEXT_ROWS)
        return Body([])
