"""A client that leaves stops the model and the command; a client that waits is told that somebody still works."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from tests.ollama_server import Call, Fault, Gate, OllamaServer, Pace, Recorded, Reply
from tests.proxy.client import Proxy, Wish, running, user

GO = {"model": "tiny", "messages": [user("Go.")]}
ALIVE = "exec 3>alive; echo $$ >&3; exec sleep 300"
"""Holds the pipe `alive` open as long as it lives."""


async def has_gone(recorded: Recorded) -> bool:
    return await asyncio.to_thread(recorded.gone.wait, 10)


async def asking(proxy: Proxy, body: dict) -> None:
    """A client that reads until it is cancelled."""
    async with (
        proxy.raw() as client,
        client.stream("POST", "/v1/chat/completions", json=body, timeout=None) as got,
    ):
        async for _ in got.aiter_bytes():
            pass


async def first_and_rest(proxy: Proxy, gate: Gate) -> tuple[bytes, bytes]:
    """What comes of a whole answer before the server may go on, and all that comes then."""
    async with proxy.raw() as client, client.stream("POST", "/v1/chat/completions", json=GO) as answer:
        pieces = answer.aiter_bytes()
        first = await anext(pieces)
        gate.open()
        return first, b"".join([piece async for piece in pieces])


async def leave(client: asyncio.Task[None]) -> None:
    client.cancel()
    await asyncio.wait({client})


@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize("tokens", [0, 2])
async def test_leaving_closes_the_upstream(server: OllamaServer, project: Path, streamed: bool, tokens: int):
    gate = server.gate()
    server.play(Reply(text="One two three four.", pace=Pace(hold=gate, hold_after=tokens)))
    async with running(server.url, project) as proxy:
        client = asyncio.create_task(asking(proxy, {**GO, "stream": streamed}))
        await gate.until_reached()
        await leave(client)
        assert await has_gone(server.chats[0])


@pytest.mark.parametrize("streamed", [True, False])
async def test_leaving_kills_the_command(server: OllamaServer, project: Path, streamed: bool):
    os.mkfifo(project / "alive")
    server.play(Reply(calls=(Call("run_command", {"command": ALIVE}),)))
    async with running(server.url, project) as proxy:
        client = asyncio.create_task(asking(proxy, {**GO, "stream": streamed}))
        with await asyncio.to_thread(open, project / "alive") as pipe:
            assert (await asyncio.to_thread(pipe.readline)).strip().isdigit()
            await leave(client)
            assert await asyncio.to_thread(pipe.read) == ""  # its end: nobody holds it open any more
    assert len(server.chats) == 1


async def test_a_long_silence_is_filled_with_empty_chunks(server: OllamaServer, project: Path):
    gate = server.gate()
    server.play(Reply(text="Done.", pace=Pace(hold=gate)))
    async with running(server.url, project, Wish(keepalive_s=0.05)) as proxy, proxy.openai() as client:
        stream = await client.chat.completions.create(**GO, stream=True)
        first, *silent = [await anext(stream) for _ in range(3)]
        gate.open()
        text = [chunk.choices[0].delta.content or "" async for chunk in stream]
    assert first.choices[0].delta.role == "assistant"
    assert [chunk.choices[0].delta.model_dump(exclude_none=True) for chunk in silent] == [{}, {}]
    assert "".join(text) == "Done."


async def test_a_whole_answer_that_takes_long_begins_with_blanks(server: OllamaServer, project: Path):
    gate = server.gate()
    server.play(Reply(text="Done.", pace=Pace(hold=gate)))
    async with running(server.url, project, Wish(keepalive_s=0.05)) as proxy:
        blank, rest = await first_and_rest(proxy, gate)
    assert not blank.strip() and json.loads(blank + rest)["choices"][0]["message"]["content"] == "Done."


async def test_a_failure_after_the_blanks_is_told_in_the_body(server: OllamaServer, project: Path):
    gate = server.gate()
    server.play(Fault.cut(after=Reply(text="One two", pace=Pace(hold=gate, hold_after=1))))
    async with running(server.url, project, Wish(keepalive_s=0.05)) as proxy:
        _, rest = await first_and_rest(proxy, gate)
    assert "stopped in the middle" in json.loads(rest)["error"]["message"]


async def test_a_refusal_that_comes_late_is_an_event(server: OllamaServer, project: Path):
    gate = server.gate()
    server.hold("/api/chat", gate)
    server.play(Fault.busy())
    async with running(server.url, project) as proxy, proxy.raw() as client:
        body = {**GO, "stream": True}
        async with client.stream("POST", "/v1/chat/completions", json=body) as answer:
            lines = answer.aiter_lines()
            opening = await anext(lines)
            gate.open()
            told = [line async for line in lines if line]
    assert '"role":"assistant"' in opening and "too much to do" in told[-1]


async def test_a_proxy_that_stops_says_so_to_whoever_reads(server: OllamaServer, project: Path):
    gate = server.gate()
    server.play(Reply(text="Never.", pace=Pace(hold=gate)))
    async with running(server.url, project) as proxy, proxy.raw() as client:
        reading = asyncio.create_task(client.post("/v1/chat/completions", json={**GO, "stream": True}))
        await gate.until_reached()
        proxy.stopping.set()
        answer = await reading
    *_, last = (line for line in answer.text.split("\n\n") if line)
    assert "stopped" in json.loads(last.removeprefix("data: "))["error"]["message"]
    assert await has_gone(server.chats[0])
