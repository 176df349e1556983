from __future__ import annotations

from contextlib import asynccontextmanager

import pytest

from ollama_code.frontends.tui.dialogs.picker import ModelPicker, ModelRow
from ollama_code.frontends.tui.panels.choices import Choices
from tests.tui.panels.host import Host, screen_text
from tests.tui.panels.requests import HOSTILE

MODELS = (
    ModelRow("gemma3:12b", 8_149_000_000, "12.2B", ("completion", "vision"), warning="no tools"),
    ModelRow("qwen3-coder:30b", 18_556_700_000, "30.5B", ("completion", "tools"), current=True),
    ModelRow("gpt-oss:120b-cloud", 384, "116.8B", ("tools", "thinking"), remote=True),
)
MANY = tuple(ModelRow(f"model-{number}:7b", 4_900_000_000) for number in range(40))


@asynccontextmanager
async def picking(models=MODELS, size=(80, 24)):
    """The app, its pilot, and a list that gets what was picked."""
    app = Host()
    picked: list[str | None] = []
    async with app.run_test(size=size) as pilot:
        await app.push_screen(ModelPicker(models), picked.append)
        await pilot.pause()
        yield app, pilot, picked


@pytest.mark.parametrize(
    ("models", "keys", "name"),
    [
        (MODELS, ["enter"], "qwen3-coder:30b"),
        (MODELS, ["up", "enter"], "gemma3:12b"),
        (MODELS, ["down", "enter"], "gpt-oss:120b-cloud"),
        (MODELS, [*"gpt", "enter"], "gpt-oss:120b-cloud"),
        (MODELS, [*"vision", "enter"], "gemma3:12b"),
        (MODELS, [*"CODER", "enter"], "qwen3-coder:30b"),
        (MODELS, ["escape"], None),
        (MODELS[:1], ["enter"], "gemma3:12b"),
        (MANY, ["up", "up", "enter"], "model-39:7b"),
        (MANY, ["pagedown", "enter"], "model-8:7b"),
        (MODELS, ["end", "down", "down", "enter", *"phi4", "enter"], "phi4"),
        (MODELS, [*"phi4", "enter", "enter"], "phi4"),
        ((), [*"phi4", "enter"], "phi4"),
        ((), ["escape"], None),
    ],
)
async def test_keys_pick(models: tuple[ModelRow, ...], keys: list[str], name: str | None):
    async with picking(models) as (_, pilot, picked):
        await pilot.press(*keys)
        await pilot.pause()
        assert picked == [name]


async def test_a_click_picks():
    async with picking() as (_, pilot, picked):
        await pilot.click(Choices, offset=(6, 2))
        await pilot.pause()
        assert picked == ["gpt-oss:120b-cloud"]


async def test_escape_from_the_name_goes_back_to_the_list():
    async with picking() as (app, pilot, picked):
        await pilot.press("down", "down", "enter", "escape")
        await pilot.pause()
        assert picked == []
        assert "qwen3-coder:30b" in screen_text(app)


async def test_an_empty_name_pulls_nothing():
    async with picking(()) as (_, pilot, picked):
        await pilot.press("space", "enter")
        assert picked == []


async def test_each_model_says_what_it_is_and_can():
    async with picking() as (app, _, _picked):
        shown = screen_text(app)
        assert "gemma3:12b            8.1 GB    12.2B   vision - no tools" in shown
        assert "• qwen3-coder:30b      18.6 GB    30.5B   tools" in shown
        assert "gpt-oss:120b-cloud     cloud   116.8B   tools, thinking" in shown


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (200, 50)])
@pytest.mark.parametrize("models", [(), MODELS, MANY], ids=["none", "few", "many"])
async def test_the_keys_are_said_at_every_size(models: tuple[ModelRow, ...], size: tuple[int, int]):
    async with picking(models, size) as (app, _, _picked):
        assert "Enter" in screen_text(app)


async def test_a_narrow_list_keeps_names_and_sizes():
    async with picking(size=(50, 24)) as (app, _, _picked):
        shown = screen_text(app)
        assert "18.6 GB" in shown
        assert "30.5B" not in shown


async def test_a_resize_brings_the_columns_back():
    async with picking(size=(50, 24)) as (app, pilot, _picked):
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        await pilot.pause()
        assert "30.5B" in screen_text(app)


async def test_nothing_hostile_reaches_the_screen():
    row = ModelRow(HOSTILE, 1, HOSTILE, (HOSTILE,), warning=HOSTILE)
    async with picking((row, ModelRow("x" * 1_000_000))) as (app, _, _picked):
        shown = screen_text(app)
        assert "[@click=" in shown
        assert not set(shown) & set("\x1b\x07\x00\x9b\u202e\u2066\u200b")
