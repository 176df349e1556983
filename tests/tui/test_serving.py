"""`/serve` in the app: its clients' questions come to the person in the app."""

from __future__ import annotations

import asyncio
import re

import httpx
import pytest
from openai import AsyncOpenAI

from ollama_code.bootstrap.hosting import Hosted, Household, Wish
from ollama_code.bootstrap.options import Options
from ollama_code.frontends.proxy.hosted import hosted_proxy
from ollama_code.frontends.tui.app import OllamaCodeApp
from ollama_code.frontends.tui.palette import palettes
from tests.ollama_server import Call, OllamaServer, Reply
from tests.tui.stage import Play, Stage

WRITE = Reply(calls=(Call("write_file", {"file_path": "made.txt", "content": "by a client"}),))
SIZE = (120, 40)


def app(stage: Stage, server: OllamaServer) -> OllamaCodeApp:
    options = Options(ollama_url=server.url)

    async def start(household: Household, wish: Wish) -> Hosted:
        return await hosted_proxy(options, household, wish)

    return OllamaCodeApp(options, palettes()["ollama-dark"], start_proxy=start, clock=stage.hand)


async def ask(play: Play, text: str) -> str:
    values = dict(re.findall(r"export (\w+)=(\S+)", play.text))
    async with AsyncOpenAI(base_url=values["OPENAI_BASE_URL"], api_key=values["OPENAI_API_KEY"]) as client:
        answer = await client.chat.completions.create(
            model="tiny", messages=[{"role": "user", "content": text}]
        )
    return answer.choices[0].message.content or ""


async def test_a_clients_tool_asks_in_the_panel_and_leaving_ends_the_proxy(stage: Stage):
    with OllamaServer() as server:
        server.play(WRITE, Reply(text="Written."))
        screen = app(stage, server)
        async with screen.run_test(size=SIZE) as pilot:
            play = Play(screen, pilot, stage.hand)
            await play.open()
            await play.say("/serve 0")
            await play.until(lambda: "OPENAI_API_KEY=" in play.text)
            [url] = re.findall(r"Serving on (\S+)", play.text)
            asking = asyncio.create_task(ask(play, "Go."))
            await play.asked("through the proxy")
            assert not (stage.project / "made.txt").exists()
            await pilot.press("1")
            assert await asking == "Written."
        await screen.close()
    assert (stage.project / "made.txt").read_text() == "by a client"
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"{url}/health")


async def test_a_client_that_leaves_takes_its_question_along(stage: Stage):
    with OllamaServer() as server:
        server.play(WRITE)
        screen = app(stage, server)
        async with screen.run_test(size=SIZE) as pilot:
            play = Play(screen, pilot, stage.hand)
            await play.open()
            await play.say("/serve 0")
            await play.until(lambda: "OPENAI_API_KEY=" in play.text)
            asking = asyncio.create_task(ask(play, "Go."))
            panel = await play.asked("through the proxy")
            asking.cancel()
            await play.until(lambda: not panel.display)
            await play.say("/serve stop")
            await play.until(lambda: "has ended" in play.text)
        await screen.close()


async def test_without_a_way_to_start_one_it_says_where(stage: Stage):
    with OllamaServer() as server:
        async with stage.playing(Options(ollama_url=server.url)) as play:
            await play.open()
            await play.say("/serve")
            await play.until(lambda: "ollama-code --serve" in play.text)
