"""The same turn on both faces: what stands on the paper, and in the cells of the full screen."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass, field

from textual.events import Paste

from ollama_code.bootstrap.options import Options
from ollama_code.frontends.tui.app import OllamaCodeApp
from ollama_code.frontends.tui.palette import palettes
from ollama_code.frontends.tui.panels.asking import AskingPanel
from tests.ollama_server import Reply
from tests.security.stage import Stage
from tests.tui.panels.host import Hand
from tests.tui.stage import Play

SIZE = (120, 50)


@dataclass(frozen=True)
class Turn:
    """What the person types and the model says to it."""

    line: str
    replies: tuple[Reply, ...]


@dataclass
class Shown:
    """`text` is all that stood on the faces, `told` all that the model was sent."""

    text: str = ""
    prompts: str = ""
    told: str = ""
    seconds: float = 0.0
    troubles: list[str] = field(default_factory=list)


async def on_paper(stage: Stage, turn: Turn, shown: Shown) -> None:
    if await stage.open() is None:
        shown.text += stage.trouble
        return
    assert stage.opened is not None and stage.conversation is not None
    await stage.opened.session.quiet()
    stage.server.play(*turn.replies)
    started = time.monotonic()
    async with aclosing(stage.conversation.say(turn.line)) as events:
        async for _ in events:  # the stage prints them
            pass
    shown.seconds = max(shown.seconds, time.monotonic() - started)
    for notice in stage.notices:
        stage.person.paper.line(notice)
    shown.text += stage.person.seen
    shown.prompts += "\n".join(stage.person.prompts)
    await stage.close()
    stage.conversation = stage.opened = None


async def on_screen(stage: Stage, turn: Turn, shown: Shown, *, paste: bool = False) -> None:
    """Questions are refused. With `paste` the line is pasted and not sent: what happens then was not asked for."""
    hand = Hand()
    app = OllamaCodeApp(Options(), palettes()["ollama-dark"], clock=hand)
    try:
        async with app.run_test(size=SIZE) as pilot:
            play = Play(app, pilot, hand)
            await _settled(play, stage, shown)
            before = len(stage.server.chats)
            stage.server.play(*turn.replies)
            started = time.monotonic()
            if paste:
                await _pasted(play, turn.line)
            else:
                await play.enter(turn.line)
            await _settled(play, stage, shown)
            shown.seconds = max(shown.seconds, time.monotonic() - started)
            await pilot.press("ctrl+o")
            await pilot.pause()
            shown.text += f"{play.screen}\n"
            if paste and len(stage.server.chats) > before:
                shown.troubles.append("what was pasted was sent by itself")
    finally:
        await app.close()


async def _settled(play: Play, stage: Stage, shown: Shown) -> None:
    """Until nothing runs any more; every question is read and refused, trust in the folder too."""

    def still() -> bool:
        return bool(play.app.room) and (_asks(play) or not play.busy)

    while True:
        await play.until(still)
        shown.text += f"{play.screen}\n"
        if not _asks(play):
            return
        shown.prompts += f"{play.screen}\n"
        play.hand.now += 1
        await play.pilot.press("escape")
        await play.pilot.pause()
        await asyncio.sleep(0)


def _asks(play: Play) -> bool:
    return any(panel.display for panel in play.app.query(AskingPanel))


async def _pasted(play: Play, text: str) -> None:
    play.app.prompt.focus()
    play.app.prompt.receive(Paste(text))
    await play.pilot.pause()


def told(stage: Stage) -> str:
    return "\n".join(
        str(recorded.json()) for recorded in stage.server.requests if recorded.path == "/api/chat"
    )
