"""Reading on behalf of a tool: looks at the file, remembers that the model has seen it."""

from __future__ import annotations

from functools import partial

from ollama_code.ports import Place, Workspace
from ollama_code.tools.files.ledger import ReadLedger
from ollama_code.tools.files.missing import missing_file
from ollama_code.tools.files.pages import Window
from ollama_code.tools.files.view import View, Wanted, view


class Reader:
    def __init__(self, workspace: Workspace, ledger: ReadLedger, *, sees_images: bool) -> None:
        self._workspace = workspace
        self._ledger = ledger
        self._sees_images = sees_images

    async def look(self, place: Place, window: Window) -> View:
        """Raises: ToolError with the file codes; FILE_NOT_FOUND names what is there instead."""
        stat = await self._workspace.stat(place)
        if stat is None:
            raise await missing_file(self._workspace, place)
        wanted = Wanted(place.shown, stat.size_bytes, window, self._sees_images)
        seen = await self._workspace.read(place, partial(view, wanted=wanted))
        if seen.digest:
            self._ledger.saw(place.path, seen.digest)
        else:
            self._ledger.saw_part(place.path, stat)
        return seen
