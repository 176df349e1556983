from __future__ import annotations

import pytest

from ollama_code.frontends.tui.panels.welcome import Welcome
from tests.tui.panels.host import Host, screen_text
from tests.tui.panels.requests import HOSTILE


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        (
            "server",
            ["10.0.0.7:11434", "ollama serve", "ollama.com/download", "OLLAMA_HOST", "Enter", "--demo"],
        ),
        ("model", ["10.0.0.7:11434", "/pull qwen3-coder:30b", "ollama pull", "Enter", "--demo"]),
        ("choice", ["10.0.0.7:11434", "/model", "/pull", "--demo"]),
    ],
)
async def test_it_says_what_is_missing_and_what_to_do(missing, words: list[str]):
    welcome = Welcome()
    async with Host(welcome).run_test(size=(80, 48)) as pilot:
        welcome.show_missing(missing, "http://10.0.0.7:11434")
        await pilot.pause()
        shown = screen_text(pilot.app, welcome)
        assert [word for word in words if word not in shown] == []


async def test_nothing_hostile_reaches_the_screen():
    welcome = Welcome()
    async with Host(welcome).run_test(size=(80, 48)) as pilot:
        welcome.show_missing("server", HOSTILE, HOSTILE)
        await pilot.pause()
        shown = screen_text(pilot.app, welcome)
        assert "[@click=" in shown
        assert not set(shown) & set("\x1b\x07\x00\x9b\u202e\u2066\u200b")


async def test_where_room_is_short_the_blank_lines_go_first():
    welcome = Welcome()
    async with Host(welcome).run_test(size=(80, 36)) as pilot:
        welcome.show_missing("server", "http://10.0.0.7:11434", "Nobody answers there.")
        await pilot.pause()
        assert "shows everything with a scripted one" in screen_text(pilot.app)
        assert len(welcome.rows) == 14
        await pilot.resize_terminal(80, 60)
        assert len(welcome.rows) == 18
