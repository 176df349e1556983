"""Many clients at once: one answer at a time, titles last, no endless queue, and one change at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import anthropic
import openai
import pytest

from ollama_code.bootstrap.slots import QUEUE
from tests.ollama_server import Call, Gate, OllamaServer, Pace, Reply
from tests.proxy.client import Proxy, running, user

PATIENCE_S = 10.0
"""For what takes milliseconds: a machine at its limit is slow, and the whole test has a minute."""
TITLE = {"max_tokens": 20, "stop": ["\n"]}


async def said(proxy: Proxy, text: str, **more) -> str:
    async with proxy.openai() as client:
        answer = await client.chat.completions.create(model="tiny", messages=[user(text)], **more)
    return answer.choices[0].message.content or ""


async def until(comes_true: Callable[[], bool], told: Callable[[], str] = str) -> None:
    """The proxy works in this very loop. Raises: AssertionError with what is `told` when it does not come true."""
    end = time.monotonic() + PATIENCE_S
    while not comes_true():  # there is nothing to be told by: a product needs no such event
        assert time.monotonic() < end, f"not after {PATIENCE_S:.0f} s. {told()}"
        await asyncio.sleep(0)


def held(server: OllamaServer, *later: Reply) -> Gate:
    """The first answer waits at the gate."""
    gate = server.gate()
    server.play(Reply(text="First.", pace=Pace(hold=gate)), *later)
    return gate


async def test_the_engine_is_asked_for_one_answer_at_a_time_and_for_titles_last(
    server: OllamaServer, project: Path
):
    gate = held(server, Reply(text="Second."), Reply(text="Third."))
    async with running(server.url, project) as proxy, asyncio.TaskGroup() as group:
        group.create_task(said(proxy, "one"))
        await gate.until_reached()
        title = group.create_task(said(proxy, "title", **TITLE))
        main = group.create_task(said(proxy, "two"))
        await until(lambda: proxy.inside == 3)
        assert len(server.chats) == 1
        gate.open()
    assert (main.result(), title.result()) == ("Second.", "Third.")


async def test_who_comes_when_the_queue_is_full_is_told_to_come_back(server: OllamaServer, project: Path):
    gate = held(server, *(Reply(text="Later.") for _ in range(QUEUE)))
    async with running(server.url, project) as proxy, asyncio.TaskGroup() as group:
        waiting = [group.create_task(said(proxy, "wait")) for _ in range(QUEUE + 1)]
        await gate.until_reached()
        await until(lambda: proxy.inside == QUEUE + 1)
        with pytest.raises(openai.RateLimitError) as caught:
            await said(proxy, "too many")
        async with proxy.anthropic() as client:
            with pytest.raises(anthropic.APIStatusError) as told:
                await client.messages.create(model="tiny", max_tokens=9, messages=[user("too many")])
        gate.open()
    assert caught.value.response.headers["retry-after"] == "1"
    assert (told.value.status_code, told.value.body["error"]["type"]) == (529, "overloaded_error")
    assert sorted(task.result() for task in waiting) == ["First.", *["Later."] * QUEUE]


async def test_a_client_that_leaves_the_queue_makes_room(server: OllamaServer, project: Path):
    gate = held(server, Reply(text="Second."))
    async with running(server.url, project) as proxy, asyncio.TaskGroup() as group:
        group.create_task(said(proxy, "one"))
        await gate.until_reached()
        impatient = asyncio.create_task(said(proxy, "two"))
        await until(lambda: proxy.inside == 2)
        impatient.cancel()
        await until(lambda: proxy.inside == 1)
        gate.open()
        assert await said(proxy, "three") == "Second."


async def test_two_requests_never_change_the_directory_at_the_same_time(server: OllamaServer, project: Path):
    command = "test -e busy && touch met; touch busy; sleep 0.2; rm busy"
    run = Reply(calls=(Call("run_command", {"command": command}),))
    server.play(run, run, Reply(text="Done."), Reply(text="Done."))
    async with running(server.url, project) as proxy, asyncio.TaskGroup() as group:
        for _ in range(2):
            group.create_task(said(proxy, "go"))
    assert len(server.chats) == 4 and not (project / "met").exists()
