"""What the whole screen says while a real server loads and reads, and after Esc."""

from __future__ import annotations

import pytest

from tests.ollama_server import Model, OllamaServer, Pace, Reply
from tests.tui.stage import Stage

LONG = "word " * 4000
GB = 1_000_000_000


@pytest.fixture
def server(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    with OllamaServer(models=(Model("tiny", context_length=16384),)) as running:
        monkeypatch.setenv("OLLAMA_HOST", running.url)
        yield running


async def test_a_reading_has_numbers_once_the_rate_is_known_and_esc_says_what_stays_read(
    stage: Stage, server: OllamaServer
) -> None:
    reads = server.gate()
    server.play(Reply(text="First."), Reply(text="never", pace=Pace(hold=reads)), Reply(text="Third."))
    async with stage.playing(size=(120, 40)) as play:
        await play.open()
        await play.say(LONG)
        await play.enter(LONG)
        await reads.until_reached()
        await play.until(lambda: "tokens, about 0:" in play.status and " left" in play.status)
        await play.pilot.press("escape")
        await play.until(lambda: "Stopped while reading; about" in play.text)
        await play.until(lambda: not play.busy)
        await play.say("go on")
        assert "Third." in play.text


async def test_a_model_that_does_not_fit_on_the_card_is_marked_and_said(
    stage: Stage, server: OllamaServer
) -> None:
    server.add_model("tiny", size=8 * GB, gpu_bytes=6 * GB, context_length=16384)
    async with stage.playing(size=(120, 40)) as play:
        await play.open()
        await play.until(lambda: "75% on GPU" in play.status)
        await play.until(lambda: "Only 75% of tiny:latest fits on the GPU" in play.text)
        assert "though a part of the model" in play.text


async def test_who_types_while_the_model_loads_loses_nothing(stage: Stage, server: OllamaServer) -> None:
    loads = server.gate()
    server.add_model("tiny", load_hold=loads, context_length=16384)
    server.play(Reply(text="Here I am."))
    async with stage.playing() as play:
        await play.until(lambda: play.app.room)
        await play.until(lambda: "loading tiny:latest with 16,384 tokens" in play.status)
        await play.pilot.press(*"are you there", "enter")
        await play.until(lambda: "are you there" in play.screen)
        assert server.chats == []
        loads.open()
        await play.until(lambda: "Here I am." in play.text)
