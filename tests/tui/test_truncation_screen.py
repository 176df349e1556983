"""How it looks when the server cut a prompt without a word. Look at a changed one as a picture."""

from __future__ import annotations

import pytest

from ollama_code.core.events import (
    Compacted,
    Notice,
    Retried,
    TextDelta,
    TurnStarted,
)
from tests.agent.rig import rig
from tests.agent.test_alarm import answered
from tests.tui.stage import Stage
from tests.tui.test_screens import LOOKS, pictured, server

__all__ = ["pictured", "server"]


async def told(folder) -> list[Retried | Notice]:
    """What a person reads of it."""
    counts = answered("one", 3000), answered("", 1200), answered("SUMMARY", 3100), answered("right", 1500)
    r = rig(folder, *counts)
    await r.say("word " * 1800)
    return [e for e in await r.say("and now?") if isinstance(e, Retried | Notice)]


@pytest.mark.usefixtures("server")
@LOOKS
def test_a_prompt_that_was_cut(pictured, stage: Stage, theme: str, size: tuple[int, int]):
    wrong = "There is no module of that name in this project"

    async def act(play) -> None:
        await play.open()
        await play.until(lambda: "k/32k" in play.status)  # what was read ahead is counted
        retried, *notices = await told(stage.project)
        for event in (
            TurnStarted(text="Where is the window chosen?"),
            TextDelta(text=wrong),
            retried.model_copy(update={"discarded": wrong}),
            notices[0],
            Compacted(history=(), tokens_before=8_600, tokens_after=2_100),
            *notices[1:],
            TextDelta(text="The window is chosen in `choose_window`."),
        ):
            play.room.show(event)

    assert pictured(act, theme, size)
