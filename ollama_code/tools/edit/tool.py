"""edit: replace one text in a file by another, or create the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pydantic import Field

from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.core.permission import Kind, PermissionRequest
from ollama_code.core.results import ToolResult
from ollama_code.core.text import shorten
from ollama_code.ports import FileStat, Place, Workspace
from ollama_code.tools.base import Call, Params, Rank, Tool
from ollama_code.tools.edit.plan import Replacement, Stale, Wish, no_change, plan_edit
from ollama_code.tools.files.diff import diff_block
from ollama_code.tools.files.document import require_text, to_lf
from ollama_code.tools.files.ledger import ReadLedger, digest_of
from ollama_code.tools.files.missing import missing_file
from ollama_code.tools.files.pending import Pending
from ollama_code.tools.files.requests import (
    Change,
    edit_request,
    foreseen_edit,
    freely_readable,
    shown_in,
)
from ollama_code.tools.files.unseen import newly_hidden
from ollama_code.tools.files.write import require_size
from ollama_code.tools.schema import PLAIN


class EditParams(Params):
    file_path: str = Field(description="Path of the file.", json_schema_extra=PLAIN)
    old_string: str = Field(description="Text to replace, as it is in the file.", json_schema_extra=PLAIN)
    new_string: str = Field(description="Text to put there.", json_schema_extra=PLAIN)
    replace_all: bool = Field(default=False, description="Replace every occurrence.", json_schema_extra=PLAIN)


@dataclass(frozen=True)
class _Creation:
    """A file that does not exist yet."""

    data: bytes


@dataclass(frozen=True)
class _Prepared:
    """`change` is `None` when it was not worked out: nobody has agreed yet that the file may be looked at."""

    place: Place
    change: Replacement | _Creation | None


class Edit(Tool[EditParams]):
    name = "edit"
    kind = Kind.EDIT
    rank = Rank.CORE
    params = EditParams
    argument_aliases = {
        "absolute_path": "file_path",
        "path": "file_path",
        "filename": "file_path",
        "file": "file_path",
        "old_text": "old_string",
        "old_str": "old_string",
        "search": "old_string",
        "new_text": "new_string",
        "new_str": "new_string",
        "replace": "new_string",
    }

    def __init__(
        self, workspace: Workspace, ledger: ReadLedger, withheld: Callable[[str], bool] = lambda path: False
    ) -> None:
        """`withheld` tells whether a rule keeps the content of a path, relative to the workspace, from the model."""
        self._workspace = workspace
        self._ledger = ledger
        self._withheld = withheld
        self._pending = Pending[_Prepared]()

    def title(self, p: EditParams) -> str:
        return f"{'Edit' if p.old_string else 'Create'} {shown_in(self._workspace, p.file_path)}"

    async def permission(self, p: EditParams, call: Call) -> PermissionRequest:
        """A failure tells the model what is in the file; where reading asks, it waits for the consent."""
        place = self._workspace.locate(p.file_path)
        change: Replacement | _Creation | None = None
        try:
            change = await self._change(p, place)
        except ToolError:
            if freely_readable(place) and not self._withheld(place.shown):
                raise
        self._pending.keep(p, call, _Prepared(place, change))
        old, new = to_lf(p.old_string), to_lf(p.new_string)
        title = f"{'Create' if isinstance(change, _Creation) else 'Edit'} {place.shown}"
        match change:
            case Replacement():
                rests_on = (digest_of(change.before),)
                said = Change(title, change.diff, rests_on=rests_on, hidden=change.hidden, reads=True)
            case _:
                said = Change(
                    title, diff_block(place.shown, old, new), hidden=newly_hidden(old, new), reads=True
                )
        return edit_request(self.name, place, call, said)

    async def about(self, subject: str, call: Call) -> PermissionRequest:
        return foreseen_edit(self.name, self._workspace, subject, call)

    async def run(self, p: EditParams, call: Call) -> ToolResult:
        prepared = self._pending.take(p, call) or _Prepared(self._workspace.locate(p.file_path), None)
        place = prepared.place
        change = prepared.change or await self._change(p, place)
        match change:
            case Replacement():
                await self._workspace.write(place, change.after, expected=change.before)
                self._ledger.saw(place.path, digest_of(change.after))
                told = shorten(change.report, call.budget_chars).text
                return ToolResult(llm_content=told, return_display=change.diff)
            case _Creation(data=data):
                await self._workspace.write(place, data, expected=None)
                self._ledger.saw(place.path, digest_of(data))
                diff = diff_block(place.shown, "", to_lf(p.new_string))
                told = f"Created {place.shown} ({diff.added} lines)."
                return ToolResult(llm_content=told, return_display=diff)

    async def _change(self, p: EditParams, place: Place) -> Replacement | _Creation:
        """Raises: ToolError with the edit codes, FILE_CHANGED, FILE_NOT_FOUND, FILE_EXISTS and the file codes."""
        require_text(p.old_string, "old_string")
        require_text(p.new_string, "new_string")
        stat = await self._workspace.stat(place)
        if stat is None:
            if p.old_string:
                raise await missing_file(self._workspace, place)
            return _Creation(p.new_string.encode("utf-8"))
        _require_sense(p, place, stat)
        require_size(place, stat.size_bytes)
        wish = Wish.of(place.shown, p.old_string, p.new_string, every=p.replace_all)
        changed = partial(self._ledger.changed, place.path, stat=stat)
        planned = await self._workspace.read(place, partial(plan_edit, wish=wish, changed=changed))
        if isinstance(planned, Stale):
            self._ledger.saw(place.path, planned.digest)  # the error shows it
            raise planned.error
        return planned


def _require_sense(p: EditParams, place: Place, stat: FileStat) -> None:
    if stat.kind != "file":
        return  # opening it says what it is
    if not p.old_string:
        raise ToolError(
            f"{place.shown} exists already, and an empty old_string only creates files. Give the text to replace,"
            " or use write_file to replace the whole content.",
            ErrorType.FILE_EXISTS,
        )
    if to_lf(p.old_string) == to_lf(p.new_string):
        raise no_change(place.shown)
