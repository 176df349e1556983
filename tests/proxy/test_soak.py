"""Nothing of a request stays: counted, as memory is not, because a few hundred requests say nothing about that."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import NamedTuple

import psutil

from tests.ollama_server import Call, Fault, OllamaServer, Pace, Reply
from tests.proxy.client import Proxy, running, user
from tests.proxy.test_turns import until

ROUNDS = 5
MOST_KEPT = 4
"""Two to Ollama, of which both ends are here. Less than there are rounds, so that one lost in each is seen."""


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


class Held(NamedTuple):
    """By this process, in which the proxy, its client and the server run. Connections are apart from the other
    descriptors: how many are kept for the next question depends on how many were asked at the same time."""

    descriptors: int
    connections: int
    children: int

    @classmethod
    def now(cls) -> Held:
        process = psutil.Process()
        connections = sum(bool(one.raddr) for one in process.net_connections("tcp"))
        return cls(process.num_fds() - connections, connections, len(process.children(recursive=True)))

    def is_no_more_than(self, before: Held) -> bool:
        kept = self.connections <= MOST_KEPT
        return kept and self.descriptors <= before.descriptors and self.children <= before.children


async def at_rest() -> Held:
    """When the last client has gone: the same a few times in a row."""
    seen = [Held.now()]
    while seen.count(seen[-1]) < 5:
        await asyncio.sleep(0)
        seen = [*seen[-4:], Held.now()]
    return seen[-1]


async def test_after_many_requests_as_many_files_and_processes_are_open_as_before(
    server: OllamaServer, project: Path
):
    async with running(server.url, project) as proxy:
        await one_round(proxy, server)
        before = await at_rest()
        for _ in range(ROUNDS):
            await one_round(proxy, server)
        await until(lambda: Held.now().is_no_more_than(before), lambda: f"{before} became {Held.now()}")
