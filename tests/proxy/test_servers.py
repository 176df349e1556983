"""Two servers behind one proxy."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import openai
import pytest

from tests.ollama_server import OllamaServer, Pace, Reply
from tests.proxy.client import Proxy, Wish, running

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
def other() -> Iterator[OllamaServer]:
    with OllamaServer() as running:
        yield running


async def say(proxy: Proxy, *texts: str, model: str = "tiny") -> str:
    """The answer to a chat of which every second text is the model's."""
    roles = ("user", "assistant")
    messages = [{"role": roles[number % 2], "content": text} for number, text in enumerate(texts)]
    async with proxy.openai() as client:
        answer = await client.chat.completions.create(
            model=model, messages=messages, extra_headers={"x-ollama-code-tools": "off"}
        )
    return answer.choices[0].message.content or ""


async def test_a_conversation_stays_where_it_was_read(
    server: OllamaServer, other: OllamaServer, project: Path
):
    gate = server.gate()
    server.play(Reply(text="First.", pace=Pace(hold=gate)), Reply(text="Third."))
    other.play(Reply(text="Second."))
    async with running(server.url, project, Wish(more_urls=(other.url,))) as proxy:
        first = asyncio.create_task(say(proxy, "one"))
        await gate.until_reached()
        second = await say(proxy, "two")
        gate.open()
        assert (await first, second) == ("First.", "Second.")
        assert await say(proxy, "one", "First.", "and more") == "Third."
    assert (len(server.chats), len(other.chats)) == (2, 1)


async def test_with_one_down_the_other_answers(
    server: OllamaServer, project: Path, caplog: pytest.LogCaptureFixture
):
    server.play(Reply(text="Here."))
    async with running(NOWHERE, project, Wish(more_urls=(server.url,))) as proxy, proxy.raw() as client:
        assert await say(proxy, "Hi.") == "Here."
        version = await client.get("/api/version")
    assert version.status_code == 200
    assert [record.message for record in caplog.records if NOWHERE in record.message] == [
        f"{NOWHERE} does not answer"
    ]


async def test_one_that_goes_away_is_left_before_anything_is_said(other: OllamaServer, project: Path):
    other.play(Reply(text="Here."), Reply(text="Here again."))
    with ExitStack() as stack:
        server = stack.enter_context(OllamaServer())
        server.play(Reply(text="There."))
        async with running(server.url, project, Wish(more_urls=(other.url,))) as proxy:
            assert await say(proxy, "Hi.") == "There."
            await asyncio.to_thread(stack.close)
            assert [await say(proxy, "Hi."), await say(proxy, "Hi.")] == ["Here.", "Here again."]


async def test_with_all_down_all_are_told(project: Path):
    async with running(NOWHERE, project, Wish(more_urls=("http://127.0.0.1:2",))) as proxy:
        with pytest.raises(openai.InternalServerError) as caught:
            await say(proxy, "Hi.")
    assert caught.value.status_code == 503
    assert "127.0.0.1:1" in str(caught.value) and "127.0.0.1:2" in str(caught.value)


async def test_a_model_is_asked_where_it_is(server: OllamaServer, other: OllamaServer, project: Path):
    other.add_model("mine:7b")
    other.play(Reply(text="Mine."))
    async with running(server.url, project, Wish(more_urls=(other.url,))) as proxy, proxy.openai() as client:
        listed = [model.id async for model in client.models.list()]
        assert await say(proxy, "Hi.", model="mine:7b") == "Mine."
    assert listed == ["tiny:latest", "mine:7b"] and server.chats == []


async def test_the_server_that_has_the_model_in_memory_goes_first(
    server: OllamaServer, other: OllamaServer, project: Path
):
    other.play(Reply(text="Warm."), Reply(text="Warm too."))
    async with running(other.url, project) as proxy:
        await say(proxy, "Hi.")
    async with running(server.url, project, Wish(more_urls=(other.url,))) as proxy:
        assert await say(proxy, "Hello.") == "Warm too."


async def test_each_server_has_its_own_slots(server: OllamaServer, other: OllamaServer, project: Path):
    gates = server.gate(), other.gate()
    for one, gate in zip((server, other), gates, strict=True):
        one.play(Reply(text="Done.", pace=Pace(hold=gate)))
    async with running(server.url, project, Wish(more_urls=(other.url,))) as proxy:
        both = asyncio.gather(say(proxy, "one"), say(proxy, "two"))
        for gate in gates:
            await gate.until_reached()
        for gate in gates:
            gate.open()
        assert await both == ["Done.", "Done."]


async def test_the_window_fits_on_every_server(server: OllamaServer, other: OllamaServer, project: Path):
    server.add_model("mine:7b", num_ctx=16384)
    other.add_model("mine:7b", num_ctx=8192)
    server.play(Reply(text="Hello."))
    async with running(server.url, project, Wish(more_urls=(other.url,))) as proxy:
        await say(proxy, "Hi.", model="mine:7b")
    assert server.chats[0].json()["options"]["num_ctx"] == 8192
