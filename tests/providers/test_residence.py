"""What is waited for before an answer: the model being loaded, or the prompt being read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing

import pytest

from ollama_code.core.head import Head
from ollama_code.core.messages import UserMessage
from ollama_code.core.phase import Phase
from ollama_code.ports import ChatRequest, Chunk, LoadedModel, ReplyEnd, TextPiece
from ollama_code.providers.ollama import CHAT_TIMEOUT, OllamaProvider, Waits
from tests.ollama_server import Gate, OllamaServer, Pace, Reply

HEAD = Head(model="tiny:latest", num_ctx=8192, think=False, system="Be brief.", tools=())
GB = 1_000_000_000


@pytest.fixture
def server() -> Iterator[OllamaServer]:
    with OllamaServer() as running:
        yield running


@pytest.fixture
async def provider(server: OllamaServer) -> AsyncIterator[OllamaProvider]:
    client = OllamaProvider(server.url, waits=Waits(look_every_s=0.01))
    yield client
    await client.close()


def asked(**head: object) -> ChatRequest:
    return ChatRequest(HEAD.model_copy(update=head), (UserMessage(text="Look."),), 64)


async def answer_of(provider: OllamaProvider, request: ChatRequest) -> list[Chunk]:
    async with aclosing(provider.chat(request)) as chunks:
        return [chunk async for chunk in chunks]


def waits(chunks: list[Chunk]) -> list[str]:
    return [chunk.name for chunk in chunks if isinstance(chunk, Phase)]


def looks(server: OllamaServer) -> int:
    return sum(request.path == "/api/ps" for request in server.requests)


async def test_loading_is_told_apart_from_reading(server: OllamaServer, provider: OllamaProvider) -> None:
    loads, reads = Gate(), Gate()
    server.add_model("tiny", load_hold=loads)
    server.play(Reply(text="one", pace=Pace(hold=reads)))
    phases: list[Phase] = []
    async with aclosing(provider.chat(asked())) as chunks:
        async for chunk in chunks:
            if isinstance(chunk, Phase):
                phases.append(chunk)
                {"loading": loads, "reading": reads}.get(chunk.name, Gate()).open()
    assert phases[1:] == [Phase(name="loading", detail="tiny:latest"), Phase(name="reading", tokens=100)]


async def test_quick_answers_cost_no_look(server: OllamaServer, provider: OllamaProvider) -> None:
    server.play(Reply(text="one"), Reply(text="two"))
    await answer_of(provider, asked())
    before = looks(server)
    assert waits(await answer_of(provider, asked())) == ["connecting", "reading"]
    assert looks(server) == before


async def test_where_nobody_wants_to_know_nobody_looks(server: OllamaServer) -> None:
    server.play(Reply(text="one"))
    provider = OllamaProvider(server.url, waits=Waits(tells=False))
    chunks = await answer_of(provider, asked())
    await provider.close()
    assert [type(chunk) for chunk in chunks] == [Phase, TextPiece, ReplyEnd]
    assert not looks(server)


async def test_another_window_means_loading(server: OllamaServer, provider: OllamaProvider) -> None:
    server.play(Reply(text="one"), Reply(text="two"))
    await provider.load("tiny", 4096, "5m")
    assert "loading" in waits(await answer_of(provider, asked()))
    await provider.load("tiny", 16384, "5m")
    assert "loading" not in waits(await answer_of(provider, asked(num_ctx=16384)))


async def test_an_engine_that_was_loaded_by_another_name_of_the_same_weights_is_known(
    server: OllamaServer, provider: OllamaProvider
) -> None:
    for name in ("tiny", "alias"):
        server.add_model(name, digest="a" * 64)
    server.play(Reply(text="one"))
    await provider.installed()
    await provider.load("alias", 8192, "5m")
    chunks = await answer_of(provider, asked())
    assert "loading" not in waits(chunks) and any(isinstance(chunk, LoadedModel) for chunk in chunks)


@pytest.mark.parametrize("loaded", [True, False])
async def test_how_the_model_lies_in_memory_is_told_before_its_answer(
    server: OllamaServer, provider: OllamaProvider, loaded: bool
) -> None:
    server.add_model("tiny", size=4 * GB, gpu_bytes=3 * GB)
    server.play(Reply(text="one"))
    if loaded:
        await provider.load("tiny", 8192, "5m")
    [found] = [chunk for chunk in await answer_of(provider, asked()) if isinstance(chunk, LoadedModel)]
    assert (found.name, found.gpu_share, found.context_length) == ("tiny:latest", 0.75, 8192)


@pytest.mark.parametrize("before", [0, 4096])
async def test_a_window_that_the_server_makes_smaller_is_told_before_the_answer(
    server: OllamaServer, provider: OllamaProvider, before: int
) -> None:
    server.add_model("tiny", context_length=4096)
    server.play(Reply(text="one"))
    if before:
        await provider.load("tiny", before, "5m")
    [found] = [chunk for chunk in await answer_of(provider, asked()) if isinstance(chunk, LoadedModel)]
    assert found.context_length == 4096


async def test_the_cloud_has_no_memory_to_look_into(server: OllamaServer, provider: OllamaProvider) -> None:
    server.add_model("big:cloud")
    server.play(Reply(text="one"))
    assert waits(await answer_of(provider, asked(model="big:cloud"))) == ["connecting", "reading"]
    assert looks(server) == 0


async def test_a_server_that_tells_nothing_of_its_memory_is_taken_to_read(
    server: OllamaServer, provider: OllamaProvider
) -> None:
    never = Gate()
    server.hold("/api/ps", never)
    server.play(Reply(text="one"))
    assert waits(await answer_of(provider, asked())) == ["connecting", "reading"]


async def test_a_chat_waits_for_its_answer_without_end(
    server: OllamaServer, provider: OllamaProvider
) -> None:
    reads = Gate()
    server.play(Reply(text="one", pace=Pace(hold=reads)))
    answer = asyncio.create_task(answer_of(provider, asked()))
    await reads.until_reached()
    assert not answer.done() and not server.chats[0].gone.is_set()
    reads.open()
    await answer
    assert CHAT_TIMEOUT.read is None and CHAT_TIMEOUT.write is None
