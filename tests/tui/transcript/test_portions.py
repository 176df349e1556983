"""A long answer of an earlier session, cut where nothing shows it."""

from __future__ import annotations

import pytest

from ollama_code.core.messages import AssistantMessage
from ollama_code.frontends.tui.transcript.markdown import render
from ollama_code.frontends.tui.transcript.portions import PORTION_CHARS, portions
from tests.tui.transcript.host import INK, Host, drawn, lines_of_text

PARAGRAPH = "Some words that make a paragraph.\n\n"
LONG = "word " * PORTION_CHARS
PARTS = (
    "# Title\n\n",
    PARAGRAPH,
    "```python\nx = 1\n\nRight at the edge\n\n```\n\n",
    "- one\n\n- two\n\n  more of two\n\n",
    "| a | b |\n|---|---|\n| 1 | 2 |\n\n",
)


def test_a_short_answer_is_one_portion():
    assert portions(PARAGRAPH) == [PARAGRAPH]


def test_nothing_is_lost():
    text = "".join(PARTS) * 400
    assert "".join(portions(text)) == text
    assert max(map(len, portions(text))) < PORTION_CHARS + 300


def test_the_portions_look_as_the_whole_does():
    text = "".join(PARTS) * 200
    rows = [line.text for part in portions(text) for line in render(part, INK) if line.text]
    assert rows == [line.text for line in render(text, INK) if line.text]


@pytest.mark.parametrize(
    "inside",
    [
        f"```\n{LONG}\n\nStill code\n```\n",
        f"~~~~\n{LONG}\n\n~~~\n\nStill code\n~~~~\n",
        f"- {LONG}\n\n  of the item\n",
        f"> {LONG}\n\n> of the quote\n",
    ],
    ids=["fence", "fence in a fence", "list", "quote"],
)
def test_what_belongs_together_is_not_cut(inside: str):
    assert portions(inside) == [inside]


async def test_a_megabyte_of_an_earlier_session_is_laid_out_only_where_it_is_in_sight():
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        app.transcript.recall([AssistantMessage(text=lines_of_text(90_000))])
        shown = await drawn(pilot)
        assert shown[-1] == " row 89999"
        assert app.transcript.laid_out < 5
