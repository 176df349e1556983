"""The whole app on a screen without a terminal, in a home and a project of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.events import Key
from textual.pilot import Pilot
from textual.strip import Strip

from ollama_code.bootstrap.options import Options
from ollama_code.frontends.tui.app import OllamaCodeApp
from ollama_code.frontends.tui.palette import palettes
from ollama_code.frontends.tui.panels.confirm import ConfirmPanel
from ollama_code.frontends.tui.panels.settle import SETTLE_S
from tests.tui.panels.host import Hand

NOWHERE = "http://127.0.0.1:1"
_VARIABLES = ("OLLAMA_MODEL", "OLLAMA_API_KEY", "OLLAMA_BASE_URL", "OLLAMA_KEEP_ALIVE")
_PATIENCE = 1500


class Stage:
    """Settles in `folder`; `hand` is the clock of everything on the screen."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.project = folder / "project"
        self.project.mkdir()
        self.state = folder / "state"
        self.hand = Hand()
        for name in _VARIABLES:
            monkeypatch.delenv(name, raising=False)
        for name, value in {
            "HOME": str(folder),
            "OLLAMA_CODE_HOME": str(self.state),
            "OLLAMA_HOST": NOWHERE,
            "TMPDIR": str(folder),
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(self.project)

    def app(self, options: Options | None = None, theme: str = "ollama-dark") -> OllamaCodeApp:
        return OllamaCodeApp(options or Options(), palettes()[theme], clock=self.hand)

    @asynccontextmanager
    async def playing(
        self, options: Options | None = None, size: tuple[int, int] = (80, 24)
    ) -> AsyncIterator[Play]:
        """From the first paint on; the session may not be open yet."""
        app = self.app(options)
        try:
            async with app.run_test(size=size) as pilot:
                yield Play(app, pilot, self.hand)
        finally:
            await app.close()


class Play:
    """What a person does and sees."""

    def __init__(self, app: OllamaCodeApp, pilot: Pilot[int], hand: Hand) -> None:
        self.app = app
        self.pilot = pilot
        self.hand = hand

    async def until(self, seen: Callable[[], object]) -> None:
        """Raises: AssertionError with the screen when it is not seen in time."""
        for _ in range(_PATIENCE):
            if seen():
                return
            await self.pilot.pause(0.01)
        raise AssertionError(f"it did not happen; the screen shows:\n{self.screen}")

    async def open(self) -> None:
        await self.until(lambda: self.app.room and self.app.room.bridge.session_open)
        await self.until(lambda: not self.busy)

    async def enter(self, line: str) -> None:
        """Sent at once, whatever has the focus."""
        self.app.prompt.set_draft(line)
        self.app.prompt.focus()
        await self.pilot.press("enter")

    async def say(self, line: str) -> None:
        """One line, until it is done with."""
        await self.enter(line)
        await self.pilot.pause()
        await self.until(lambda: not self.busy)

    def post(self, *keys: str) -> None:
        """Keys that are all in the queue at once, as of somebody who types faster than the screen paints."""
        for key in keys:
            self.app.post_message(Key(key, key if len(key) == 1 else None))

    async def asked(self, title: str = "") -> ConfirmPanel:
        """The confirmation, once it is open and takes answers."""
        panel = self.room.query_one(ConfirmPanel)
        await self.until(lambda: panel.display and title in self.screen)
        self.hand.now += SETTLE_S
        return panel

    @property
    def room(self):
        assert self.app.room is not None
        return self.app.room

    @property
    def busy(self) -> bool:
        return self.room.bridge.busy

    @property
    def status(self) -> str:
        return self.room.status.render().plain

    @property
    def text(self) -> str:
        """The transcript as far as it is on the screen."""
        transcript = self.room.transcript
        return _joined(transcript.render_lines(transcript.size.region))

    @property
    def screen(self) -> str:
        """Everything on the screen."""
        return _joined(self.app.screen._compositor.render_strips())


def _joined(strips: Iterable[Strip]) -> str:
    return "\n".join(strip.text.rstrip() for strip in strips)
