"""The question of trust on the whole screen, and what is there once it is answered."""

from __future__ import annotations

import pytest

from tests.ollama_server import OllamaServer
from tests.tui.stage import Play, Stage

TITLE = "Do you trust this folder?"


@pytest.fixture
def server(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    (stage.project / ".ollama-code" / "commands").mkdir(parents=True)
    (stage.project / ".ollama-code" / "commands" / "ship.md").write_text("Ship it, carefully.")
    with OllamaServer() as running:
        monkeypatch.setenv("OLLAMA_HOST", running.url)
        yield running


async def offered(play: Play) -> None:
    await play.until(lambda: TITLE in play.screen)


async def test_what_is_typed_before_the_question_settles_goes_to_the_prompt(
    stage: Stage, server: OllamaServer
):
    async with stage.playing() as play:
        await offered(play)
        await play.pilot.press(*"2 hi")
        await play.until(lambda: "2 hi" in play.app.prompt.text_expanded)
        assert TITLE in play.screen
        assert server.requests == []


async def test_a_trusted_folders_commands_are_completed_and_those_of_others_not(
    stage: Stage, server: OllamaServer
):
    async with stage.playing() as play:
        await offered(play)
        stage.hand.now += 1
        await play.pilot.press("3")
        await play.open()
        await play.pilot.press(*"/shi")
        await play.until(lambda: "Ship it, carefully." in play.screen)


async def test_a_person_who_says_not_now_talks_without_them(stage: Stage, server: OllamaServer):
    async with stage.playing() as play:
        await offered(play)
        stage.hand.now += 1
        await play.pilot.press("escape")
        await play.open()
        await play.until(lambda: "not trusted. Not read: 1 command." in play.screen)
        await play.pilot.press(*"/ship", "enter")
        await play.until(lambda: "There is no command /ship" in play.screen)


async def test_leaving_withdraws_the_question_and_keeps_no_answer(stage: Stage, server: OllamaServer):
    async with stage.playing() as play:
        await offered(play)
        await play.pilot.press("ctrl+q")
    assert not (stage.state / "trust.json").exists()
