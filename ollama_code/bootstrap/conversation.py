"""What a person talks in: one session at a time, replaced when they clear it or change the model.

Front ends that talk (the full screen, the plain prompt) share it; each shows the events in its own way."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from ollama_code.bootstrap.assembly import NOTHING, Carried, Opened
from ollama_code.bootstrap.options import Options
from ollama_code.bootstrap.session import Start, open_session
from ollama_code.bootstrap.shelf import model_shelf
from ollama_code.bootstrap.site import here, home
from ollama_code.bootstrap.trust.folder import EMPTY, Folder, FolderTrust
from ollama_code.bootstrap.trust.own import custom_commands
from ollama_code.bootstrap.window import Tell, tell_nobody
from ollama_code.commands.base import Desk, Outcome
from ollama_code.commands.mentions import mentioned
from ollama_code.commands.registry import NO_CUSTOM, Custom, run_command
from ollama_code.core.errors import UsageError
from ollama_code.core.events import Event
from ollama_code.core.recipe import Recipe
from ollama_code.ports import ModelSummary, Person, PullProgress
from ollama_code.settings.load import load
from ollama_code.workspace.index import FileIndex


class Conversation:
    """`opened` is `None` while there is no server or no model; every method that needs a session opens one."""

    def __init__(self, options: Options, person: Person, tell: Tell = tell_nobody) -> None:
        """`tell` hears what is waited for while a session is being opened."""
        self.opened: Opened | None = None
        self.custom: Custom = NO_CUSTOM
        """Commands from files: the person's, and those of a folder they trust. Known once it was decided on."""
        self._trust = FolderTrust(home(), person)
        self._folder: Folder | None = None
        self._troubles: tuple[str, ...] = ()
        self._options = options
        self._person = person
        self._tell = tell
        self._index: FileIndex | None = None

    @property
    def address(self) -> str:
        """Where Ollama is looked for, as the person wrote it. Raises: UsageError for settings to mend."""
        return load(home(), os.environ, self._options.flags()).settings.ollama.base_url

    async def search_files(self, letters: str, limit: int) -> Sequence[str]:
        """Paths of the open session's folder, or of this one, that fit some letters, the best first."""
        root = str((self.opened.directory if self.opened else Path.cwd()).resolve())
        if self._index is not None and self._index.root != root:
            await self._index.close()
            self._index = None
        if self._index is None:
            self._index = FileIndex(root)
        return await self._index.search(letters, limit)

    async def open(self) -> Opened:
        """The open session, opened now if there was none.
        Raises: UsageError (ModelUnclear when a model has to be chosen), SessionError, ProviderError."""
        return self.opened or await self._open(self._options, NOTHING)

    async def clear(self) -> Opened:
        """A fresh session; the old one stays on disk. Raises: as `open`, and then nothing is open."""
        if self.opened is not None and self.opened.session.repinned:
            self._options = replace(self._options, num_ctx=None)
        await self._close_session()
        self._folder = None  # what changed there meanwhile is looked at again
        self._options = self._options.fresh()
        return await self._open(self._options, NOTHING)

    async def switch(self, model: str) -> Opened:
        """Go on with another model. Raises: as `open`; then the session is as it was."""
        options = replace(self._options.fresh(), model=model)
        before = self.opened
        opened = await self._open(options, before.carried() if before else NOTHING)
        self._options = options
        if before is not None:
            opened.session.set_mode(before.session.mode)
            await before.close()
        return opened

    async def say(self, line: str) -> AsyncGenerator[Event, None]:
        """One turn for a typed line: `!command` runs it, `@path` attaches what is there.
        Closing the iterator stops the turn. Raises: as `open`."""
        session = (await self.open()).session
        if line.startswith("!"):
            stream = session.run_command(line[1:].strip())
        else:
            if paths := mentioned(line):
                await session.attach(paths)
            stream = session.prompt(line)
        async with aclosing(stream) as events:
            async for event in events:
                yield event

    async def beside(self, line: str) -> str:
        """What the files and folders hold that are named by `@path`, for words that steer. Raises: as `open`."""
        paths = mentioned(line)
        return await (await self.open()).session.read(paths) if paths else ""

    async def follow(self, line: str, recipe: Recipe) -> AsyncGenerator[Event, None]:
        """One turn for a typed command from a file. Closing the iterator stops the turn. Raises: as `open`."""
        async with aclosing((await self.open()).session.follow(line, recipe)) as events:
            async for event in events:
                yield event

    async def reconsider(self) -> str:
        """Ask again whether the folder is trusted; what to say of it. Settings count from the next session on."""
        folder = await self._decided(again=True)
        if folder.verdict == "nothing":
            return "There is nothing in this folder that would need your trust."
        if folder.verdict == "trusted":
            return "Trusted: its commands are there now, its settings from the next session on (/clear starts one)."
        return "Not trusted: its commands are gone, and the next session reads none of its settings."

    async def compact(self) -> AsyncGenerator[Event, None]:
        async with aclosing((await self.open()).session.compact()) as events:
            async for event in events:
                yield event

    async def command(self, line: str) -> Outcome:
        """The outcome of a slash command. Raises: as `open`, when it needs a session."""

        async def desk() -> Desk:
            opened = await self.open()
            return Desk(opened.session, opened.todos, opened.jobs)

        if self._folder is None:
            await self._decided()
        return await run_command(line, desk, self.custom)

    async def installed(self) -> tuple[ModelSummary, ...]:
        """Raises: UsageError, ProviderError."""
        async with model_shelf(self._options) as shelf:
            return await shelf.installed()

    async def pull(self, model: str) -> AsyncGenerator[PullProgress, None]:
        """Raises: UsageError, ProviderError."""
        async with model_shelf(self._options) as shelf, aclosing(shelf.pull(model)) as steps:
            async for step in steps:
                yield step

    async def close(self) -> None:
        """Close the session and let go of everything; calling it twice is fine."""
        if self._index is not None:
            index, self._index = self._index, None
            await index.close()
        await self._close_session()

    async def _close_session(self) -> None:
        if self.opened is not None:
            opened, self.opened = self.opened, None
            await opened.close()

    async def _open(self, options: Options, carried: Carried) -> Opened:
        folder = self._folder or await self._decided()
        start = Start(carried, folder)
        try:
            opened = await open_session(options, self._person, start=start, tell=self._tell)
        except UsageError:
            self._folder = None  # it may be its settings that have to be mended
            raise
        self.opened = replace(opened, notices=(*opened.notices, *self._troubles))
        self.opened.session.warm_up()
        return self.opened

    async def _decided(self, *, again: bool = False) -> Folder:
        """Ask, if that has to be, before anything of the folder is used."""
        folder = EMPTY if self._options.demo else await self._trust.of(here(), again=again)
        self.custom, self._troubles = await asyncio.to_thread(custom_commands, home(), folder)
        self._folder = folder
        return folder
