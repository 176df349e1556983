from __future__ import annotations

from contextlib import asynccontextmanager

import pytest

from ollama_code.frontends.tui.dialogs.pull import PullPanel
from ollama_code.ports import PullProgress
from tests.tui.panels.host import Hand, Host, screen_text
from tests.tui.panels.requests import HOSTILE

LAYER = "pulling 1194192cf2a1"


@asynccontextmanager
async def pulling(model: str = "qwen3:4b", size=(80, 24)):
    hand = Hand()
    panel = PullPanel(clock=hand)
    app = Host(panel)
    async with app.run_test(size=size) as pilot:
        panel.begin(model)
        yield app, pilot, panel, hand


async def feed(pilot, panel: PullPanel, hand: Hand, *steps: tuple[float, int]) -> str:
    """What is shown after the steps: seconds that went by, bytes there."""
    for seconds, done in steps:
        hand.now += seconds
        panel.show(PullProgress(LAYER, done, 2_500_000_000))
    await pilot.pause()
    return screen_text(panel.app, panel)


async def test_it_says_how_much_how_fast_and_how_long():
    async with pulling() as (_, pilot, panel, hand):
        shown = await feed(pilot, panel, hand, (0, 0), (1, 50_000_000), (1, 100_000_000))
        assert "Pulling qwen3:4b   pulling 1194192cf2a1" in shown
        assert "100 MB of 2.5 GB  ·  50.0 MB/s  ·  0:48 left" in shown
        assert "4%" in shown


async def test_the_speed_is_that_of_the_last_seconds():
    async with pulling() as (_, pilot, panel, hand):
        steps = [(1.0, 1_000_000_000), *((1.0, 1_000_000_000 + n * 10_000_000) for n in range(1, 12))]
        assert "10.0 MB/s" in await feed(pilot, panel, hand, (0, 0), *steps)


async def test_a_layer_known_later_does_not_break_the_numbers():
    async with pulling() as (_, pilot, panel, hand):
        shown = await feed(pilot, panel, hand, (0, 900), (1, 100))
        assert "-" not in shown.split("GB")[-1].splitlines()[0]


@pytest.mark.parametrize(
    "progress",
    [
        PullProgress("pulling manifest"),
        PullProgress("verifying sha256 digest", 10, 10),
        PullProgress("x", 20, 10),
        PullProgress("x", -5, 10),
        PullProgress(HOSTILE, 1, 10),
    ],
)
async def test_any_report_is_shown_in_words(progress: PullProgress):
    async with pulling() as (app, pilot, panel, _):
        panel.show(progress)
        await pilot.pause()
        shown = screen_text(app, panel)
        assert "Pulling qwen3:4b" in shown
        assert not set(shown) & set("\x1b\x07\x00\x9b\u202e\u2066\u200b")


async def test_a_failure_is_said_in_words():
    async with pulling() as (app, pilot, panel, _):
        panel.fail("Ollama has no model named qwen3:4b.")
        await pilot.pause()
        shown = screen_text(app, panel)
        assert "qwen3:4b was not pulled" in shown
        assert "Ollama has no model named qwen3:4b." in shown


async def test_the_next_pull_starts_clean():
    async with pulling() as (app, pilot, panel, _):
        panel.fail("gone")
        panel.begin("phi4")
        await pilot.pause()
        shown = screen_text(app, panel)
        assert "Pulling phi4" in shown
        assert "gone" not in shown


@pytest.mark.parametrize("size", [(20, 10), (200, 50)])
async def test_it_fits_any_width(size: tuple[int, int]):
    async with pulling(size=size) as (_, pilot, panel, hand):
        assert "Pulling" in await feed(pilot, panel, hand, (0, 0), (1, 50_000_000))
