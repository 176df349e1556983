from __future__ import annotations

from contextlib import asynccontextmanager

import pytest

from ollama_code.core.trust import TrustOffer
from ollama_code.frontends.tui.panels.settle import Typed
from ollama_code.frontends.tui.panels.trust import TrustPanel
from tests.tui.panels.host import Hand, Host, screen_text
from tests.tui.panels.offers import COMMAND, offer
from tests.tui.panels.requests import HOSTILE


@asynccontextmanager
async def asked(offer: TrustOffer, *, settled: bool = True, size: tuple[int, int] = (80, 24)):
    hand = Hand()
    panel = TrustPanel(clock=hand)
    app = Host(panel)
    async with app.run_test(size=size) as pilot:
        panel.ask(offer)
        await pilot.pause()
        hand.now += 1 if settled else 0
        yield app, pilot, panel


def answers(app: Host) -> list[str]:
    return [message.answer for message in app.heard if isinstance(message, TrustPanel.Answered)]


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (["enter"], "later"),
        (["1"], "later"),
        (["escape"], "later"),
        (["2"], "always"),
        (["3"], "session"),
        (["4"], "never"),
        (["down", "enter"], "always"),
        (["up", "enter"], "never"),
    ],
)
async def test_keys_give_an_answer(keys: list[str], answer: str):
    async with asked(offer()) as (app, pilot, panel):
        await pilot.press(*keys)
        assert answers(app) == [answer]
        assert not panel.display


@pytest.mark.parametrize(("key", "found"), [("2", ["session"]), ("3", [])])
async def test_a_folder_that_many_write_into_can_only_be_trusted_for_now(key: str, found: list[str]):
    async with asked(offer(lasting=False)) as (app, pilot, panel):
        assert "never remembered" in screen_text(app, panel)
        await pilot.press(key)
        assert answers(app) == found


async def test_keys_that_come_too_early_answer_nothing():
    async with asked(offer(), settled=False) as (app, pilot, panel):
        await pilot.press("2", "enter", "escape")
        assert [type(message) for message in app.heard] == [Typed] * 3
        assert panel.display


async def test_everything_it_would_do_can_be_read():
    many = [COMMAND.model_copy(update={"name": f"/c{n}", "does": (f"does {n}",)}) for n in range(40)]
    async with asked(offer(*many)) as (app, pilot, panel):
        read = screen_text(app, panel)
        for _ in range(30):
            await pilot.press("pagedown")
            read += screen_text(app, panel)
        assert all(f"does {n}" in read for n in range(40))


async def test_what_changed_is_marked():
    async with asked(offer(changed=(COMMAND.id,))) as (app, _, panel):
        rows = screen_text(app, panel).splitlines()
        assert "What you trusted here has changed" in rows[1]
        assert next(row for row in rows if "new or changed" in row).strip().startswith("* command /review")


async def test_hostile_text_is_spelled_out_and_steers_nothing():
    evil = COMMAND.model_copy(update={"name": HOSTILE, "path": HOSTILE, "does": (HOSTILE, "\u202eabc")})
    async with asked(offer(evil), size=(120, 50)) as (app, _, panel):
        text = screen_text(app, panel)
        assert "\x1b" not in text and "\u202e" not in text
        assert "<U+202E>" in text


async def test_an_answer_to_a_question_that_was_withdrawn_is_none():
    async with asked(offer()) as (app, pilot, panel):
        panel.close()
        await pilot.press("2")
        assert answers(app) == []
