"""write_file: the whole content of a file, new or replaced, in the encoding and with the line ends it had."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from pydantic import Field

from ollama_code.core.display import DiffBlock
from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.core.permission import Kind, PermissionRequest
from ollama_code.core.results import ToolResult
from ollama_code.core.text import shorten, well_formed
from ollama_code.ports import Place, Workspace
from ollama_code.tools.base import Call, Params, Rank, Tool
from ollama_code.tools.files.diff import diff_block, note_block
from ollama_code.tools.files.document import Document, require_text, to_lf
from ollama_code.tools.files.kinds import human_size, kind_of
from ollama_code.tools.files.ledger import ReadLedger, digest_of
from ollama_code.tools.files.pending import Pending
from ollama_code.tools.files.requests import (
    Change,
    edit_request,
    foreseen_edit,
    freely_readable,
    shown_in,
)
from ollama_code.tools.files.unseen import newly_hidden
from ollama_code.tools.schema import PLAIN

MOST_BYTES = 50 * 1024 * 1024
"""A file that is changed is held in memory a few times over: as it was, as text and as it will be."""


class WriteFileParams(Params):
    file_path: str = Field(description="Path of the file.", json_schema_extra=PLAIN)
    content: str = Field(description="The whole content.", json_schema_extra=PLAIN)


@dataclass(frozen=True)
class _Draft:
    """A write worked out. `before` is `None` for a new file; `note` is for the model, maybe empty; `hidden` are the
    characters it adds that nobody sees."""

    place: Place
    before: bytes | None
    after: bytes
    diff: DiffBlock
    note: str = ""
    hidden: tuple[str, ...] = ()

    @property
    def idle(self) -> bool:
        return self.before == self.after


class WriteFile(Tool[WriteFileParams]):
    name = "write_file"
    kind = Kind.EDIT
    rank = Rank.CORE
    params = WriteFileParams
    argument_aliases = {
        "absolute_path": "file_path",
        "path": "file_path",
        "filename": "file_path",
        "file": "file_path",
        "text": "content",
        "contents": "content",
        "file_text": "content",
    }

    def __init__(self, workspace: Workspace, ledger: ReadLedger) -> None:
        self._workspace = workspace
        self._ledger = ledger
        self._pending = Pending[_Draft]()

    def title(self, p: WriteFileParams) -> str:
        return f"Write {shown_in(self._workspace, p.file_path)}"

    async def permission(self, p: WriteFileParams, call: Call) -> PermissionRequest | None:
        place = self._workspace.locate(p.file_path)
        draft = self._pending.keep(p, call, await self._draft(p, place, call))
        if draft.idle and freely_readable(place):
            return None
        unseen = draft.before is not None and not self._ledger.knows(place.path)
        verb = "Create" if draft.before is None else "Overwrite"
        title = f"{verb} {place.shown}{' (never read)' if unseen else ''}"
        rests_on = () if draft.before is None else (digest_of(draft.before),)
        change = Change(title, draft.diff, unseen=unseen, rests_on=rests_on, hidden=draft.hidden)
        return edit_request(self.name, place, call, change)

    async def about(self, subject: str, call: Call) -> PermissionRequest:
        return foreseen_edit(self.name, self._workspace, subject, call)

    async def run(self, p: WriteFileParams, call: Call) -> ToolResult:
        draft = self._pending.take(p, call)
        if draft is None:
            draft = await self._draft(p, self._workspace.locate(p.file_path), call)
        if not draft.idle:
            await self._workspace.write(draft.place, draft.after, expected=draft.before)
        self._ledger.saw(draft.place.path, digest_of(draft.after))
        return ToolResult(llm_content=_report(draft), return_display=draft.diff)

    async def _draft(self, p: WriteFileParams, place: Place, call: Call) -> _Draft:
        """Raises: ToolError(FILE_CHANGED) with the fresh content, or the file codes."""
        require_text(p.content, "content")
        stat = await self._workspace.stat(place)
        if stat is None:
            after, text = p.content.encode("utf-8"), to_lf(p.content)
            diff, unseen = diff_block(place.shown, "", text), newly_hidden("", text)
            return _Draft(place, None, after, diff, hidden=unseen)
        require_size(place, stat.size_bytes)
        stale: Callable[[bytes], bool] = partial(self._ledger.changed, place.path, stat=stat)
        draft = await self._workspace.read(place, partial(_redraft, place=place, content=p.content))
        assert draft.before is not None
        if stale(draft.before) and not draft.idle:
            self._ledger.saw(place.path, digest_of(draft.before))
            raise _changed(draft, call.budget_chars)
        return draft


def require_size(place: Place, size_bytes: int) -> None:
    """Raises: ToolError(FILE_TOO_LARGE)."""
    if size_bytes > MOST_BYTES:
        raise ToolError(
            f"{place.shown} is {human_size(size_bytes)}; files up to {human_size(MOST_BYTES)} are changed."
            " Use run_shell_command with a program that streams, such as sed.",
            ErrorType.FILE_TOO_LARGE,
        )


def _redraft(file: BinaryIO, place: Place, content: str) -> _Draft:
    """In the worker thread: the write of `content` over what is in `file`."""
    before = file.read()
    document = Document.of(before)
    if document is None:
        kind = kind_of(before)
        note = (
            f"The old content is no text ({kind[1] if kind else 'binary data'}, {human_size(len(before))})."
        )
        after, unseen = content.encode("utf-8"), newly_hidden("", to_lf(content))
        return _Draft(place, before, after, note_block(place.shown, note), hidden=unseen)
    note = ""
    try:
        after = document.rewritten(content)
    except UnicodeEncodeError:
        after = content.encode("utf-8")
        note = (
            f" It is UTF-8 now: {document.encoding.codec}, in which it was, lacks a character of the content."
        )
    body = to_lf(content).removeprefix("\ufeff")
    if body == document.body and before != after:
        diff = note_block(place.shown, "Only line ends or the encoding change.")
    else:
        diff = diff_block(place.shown, document.body, body)
    return _Draft(place, before, after, diff, note, newly_hidden(document.body, body))


def _report(draft: _Draft) -> str:
    shown = draft.place.shown
    if draft.idle:
        return f"{shown} already has exactly this content; nothing was written."
    if draft.before is None:
        return f"Created {shown} ({draft.diff.added} lines)."
    return f"Overwrote {shown}: {draft.diff.added} lines added, {draft.diff.removed} removed.{draft.note}"


def _changed(draft: _Draft, budget_chars: int) -> ToolError:
    document = Document.of(draft.before or b"")
    fresh = (
        shorten(well_formed(document.body), max(500, budget_chars - 300)).text if document else "(no text)"
    )
    return ToolError(
        f"{draft.place.shown} changed on disk since you last read it, so nothing was written. This is what it holds"
        f" now; take it into account and write again:\n---\n{fresh}",
        ErrorType.FILE_CHANGED,
    )
