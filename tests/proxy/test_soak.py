"""Nothing of a request stays: counted, as memory is not, because a few hundred requests say nothing about that."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psutil

from tests.ollama_server import Call, Fault, OllamaServer, Pace, Reply
from tests.proxy.client import Proxy, running, user
from tests.proxy.test_turns import until

ROUNDS = 3


async def one_round(proxy: Proxy, server: OllamaServer) -> None:
    """An answer whole, one streamed, one with a tool and a command, one that fails, one whose client leaves."""
    run = Reply(calls=(Call("run_command", {"command": "true"}), Call("list_directory", {"path": "."})))
    server.play(Reply(text="One."), Reply(text="Two."), run, Reply(text="Three."), Fault.cut(after="Fo"))
    async with proxy.raw() as client:
        for stream in (False, True, False, True):
            await client.post("/v1/chat/completions", json={"messages": [user("Go.")], "stream": stream})
        gate = server.gate()
        server.play(Reply(text="Five.", pace=Pace(hold=gate)))
        leaving = asyncio.create_task(
            client.post("/v1/messages", json={"messages": [user("Go.")], "max_tokens": 9})
        )
        await gate.until_reached()
        leaving.cancel()
        await asyncio.wait({leaving})
    await until(lambda: proxy.inside == 0)
    gate.open()


def held() -> tuple[int, int]:
    """Descriptors and children of this process, in which the proxy runs."""
    return psutil.Process().num_fds(), len(psutil.Process().children(recursive=True))


async def test_after_many_requests_as_many_files_and_processes_are_open_as_before(
    server: OllamaServer, project: Path
):
    async with running(server.url, project) as proxy:
        for _ in range(1):
            await one_round(proxy, server)
        before = held()
        for _ in range(ROUNDS):
            await one_round(proxy, server)
        await until(lambda: all(now <= then for now, then in zip(held(), before, strict=True)))
