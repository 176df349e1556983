from __future__ import annotations

from contextlib import asynccontextmanager

import pytest

from ollama_code.core.permission import Question
from ollama_code.frontends.tui.panels.choices import Choices
from ollama_code.frontends.tui.panels.question import QuestionPanel
from tests.tui.panels.host import Hand, Host, screen_text
from tests.tui.panels.requests import HOSTILE

CHOICE = Question(text="Which database?", options=("SQLite", "Postgres"))
OPEN = Question(text="What is it called?")


@asynccontextmanager
async def asked(question: Question, *, settled: bool = True):
    hand = Hand()
    panel = QuestionPanel(clock=hand)
    app = Host(panel)
    async with app.run_test(size=(80, 24)) as pilot:
        panel.ask(question)
        await pilot.pause()
        hand.now += 1 if settled else 0
        yield app, pilot, panel


def replies(app: Host) -> list[str]:
    return [message.text for message in app.heard if isinstance(message, QuestionPanel.Replied)]


@pytest.mark.parametrize(
    ("question", "keys", "reply"),
    [
        (CHOICE, ["2"], "Postgres"),
        (CHOICE, ["enter"], "SQLite"),
        (CHOICE, ["down", "enter"], "Postgres"),
        (CHOICE, ["escape"], ""),
        (CHOICE, ["3", "D", "B", "2", "enter"], "DB2"),
        (CHOICE, [*"none", "enter"], "none"),
        (OPEN, [*"1 cat", "enter"], "1 cat"),
        (OPEN, ["escape"], ""),
        (OPEN, ["c", "escape"], ""),
    ],
)
async def test_keys_give_a_reply(question: Question, keys: list[str], reply: str):
    async with asked(question) as (app, pilot, panel):
        await pilot.press(*("space" if key == " " else key for key in keys))
        assert replies(app) == [reply]
        assert not panel.display


async def test_words_typed_while_it_opens_reach_the_prompt():
    async with asked(CHOICE, settled=False) as (app, pilot, panel):
        await pilot.press("g", "o", "1")
        await pilot.pause()
        assert (app.prompt.value, replies(app), panel.display) == ("go1", [], True)


async def test_escape_from_own_words_goes_back_to_the_options():
    async with asked(CHOICE) as (app, pilot, _):
        await pilot.press("x", "escape")
        assert replies(app) == []
        await pilot.press("1")
        assert replies(app) == ["SQLite"]


async def test_a_click_on_an_option_replies():
    async with asked(CHOICE) as (app, pilot, _):
        await pilot.click(Choices, offset=(5, 1))
        assert replies(app) == ["Postgres"]


async def test_the_reply_is_the_option_as_the_model_wrote_it():
    async with asked(Question(text="?", options=("a\tb", HOSTILE))) as (app, pilot, _):
        await pilot.press("2")
        assert replies(app) == [HOSTILE]


async def test_the_last_of_many_options_can_be_chosen():
    question = Question(text="Which?", options=tuple(f"option {number}" for number in range(40)))
    async with asked(question) as (app, pilot, _):
        await pilot.press("up", "up")
        assert "option 39" in screen_text(app)
        await pilot.press("enter")
        assert replies(app) == ["option 39"]


async def test_a_question_of_a_megabyte_leaves_room_for_the_answer():
    async with asked(Question(text="why? " * 200_000, options=("a", "b"))) as (app, pilot, panel):
        assert panel.outer_size.height <= 24 * 0.6
        await pilot.press("end", "2")
        assert replies(app) == ["b"]


async def test_nothing_hostile_reaches_the_screen():
    async with asked(Question(text=HOSTILE, options=(HOSTILE,))) as (app, _, _panel):
        shown = screen_text(app)
        assert "[@click=" in shown
        assert not set(shown) & set("\x1b\x07\x00\x9b\u202e\u2066\u200b")


async def test_a_withdrawn_question_is_not_answered():
    async with asked(CHOICE) as (app, pilot, panel):
        panel.close()
        await pilot.press("1", "enter")
        assert (replies(app), panel.display) == ([], False)
