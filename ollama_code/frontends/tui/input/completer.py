"""Completion at work: watches the word at the cursor, asks a source for it, and puts the chosen one in its place."""

from __future__ import annotations

import asyncio

from textual.worker import Worker

from ollama_code.frontends.tui.input.choices import Sources
from ollama_code.frontends.tui.input.completion import CompletionList
from ollama_code.frontends.tui.input.editor import Editor
from ollama_code.frontends.tui.input.words import Request, request_at

_PATIENCE_S = 0.2
"""How long an answer may take before the list says that it is coming."""


class Completer:
    """Between an editor and a list. Methods named like keys say whether they did anything."""

    def __init__(self, editor: Editor, list: CompletionList, sources: Sources) -> None:
        self._editor = editor
        self._list = list
        self._sources = sources
        self._wanted: Request | None = None
        self._answering: Worker[None] | None = None
        self._declined: tuple[int, int] | None = None

    def use(self, sources: Sources) -> None:
        """Complete from these from now on."""
        self._sources = sources

    def accept(self) -> bool:
        """Put the chosen one in place of the word."""
        request = self._answered()
        if request is None:
            return False
        spelled = request.spelled(self._list.choice.value)
        line = self._editor.document.get_line(request.row)
        spaced = line[request.end : request.end + 1].isspace()
        self.close()
        row, column = self._editor.replace(
            spelled if spaced else f"{spelled} ",
            (request.row, request.start),
            (request.row, request.end),
            maintain_selection_offset=False,
        ).end_location
        self._editor.move_cursor((row, column + spaced))
        return True

    def accept_unfinished(self) -> bool:
        """Like `accept`, but a word that is spelled like the chosen one already is left alone."""
        request = self._answered()
        if request is None:
            return False
        line = self._editor.document.get_line(request.row)
        return line[request.start : request.end] != request.spelled(self._list.choice.value) and self.accept()

    def move(self, by: int) -> bool:
        if self._list.request is None:
            return False
        self._list.move(by)
        return True

    def decline(self) -> bool:
        """Close the list for as long as this word is typed."""
        if not self._list.shown:
            return False
        self.stay_closed()
        return True

    def ask_again(self) -> bool:
        self._declined = None
        self.look()
        return self._wanted is not None

    def look(self) -> None:
        """Ask for the word at the cursor, unless that has been done or declined."""
        request = self._request()
        if request is None:
            self._declined = None
            self.close()
        elif (request.row, request.start) != self._declined and request != self._wanted:
            self._declined = None
            self._wanted = request
            self._stop_answering()
            self._answering = self._list.run_worker(self._answer(request))

    def close(self) -> None:
        self._wanted = None
        self._stop_answering()
        self._list.close()

    def stay_closed(self) -> None:
        """For text that was not typed: a list opened over it would catch Up and Down."""
        request = self._request()
        self._declined = (request.row, request.start) if request else None
        self.close()

    def _request(self) -> Request | None:
        row, column = self._editor.cursor_location
        if not self._editor.selection.is_empty:
            return None
        return request_at(self._editor.document.get_line(row), row, column)

    def _answered(self) -> Request | None:
        """What the list answers, while that is still what the cursor asks."""
        request = self._list.request
        return request if request == self._request() else None

    async def _answer(self, request: Request) -> None:
        """Is cancelled by the next one, so an answer is always to the latest question."""
        source = self._sources.commands if request.kind == "command" else self._sources.files
        asking = asyncio.ensure_future(source.complete(request.word))
        try:
            await asyncio.wait([asking], timeout=_PATIENCE_S)
            if not asking.done() and self._list.request is None:
                self._list.wait(rows_above=self._rows_above)
            choices = await asking
        finally:
            asking.cancel()
        self._list.open(request, choices, rows_above=self._rows_above)

    def _stop_answering(self) -> None:
        if self._answering is not None:
            self._answering.cancel()

    @property
    def _rows_above(self) -> int:
        """Rows of the screen above the rule over the editor."""
        return self._editor.region.y - 1
