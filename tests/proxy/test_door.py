"""The time between the first connection and the moment when all of the program is there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from starlette.responses import JSONResponse

from ollama_code.core.errors import UsageError
from ollama_code.frontends.proxy.door import Door
from ollama_code.frontends.proxy.flags import read_flags
from ollama_code.frontends.proxy.guard import Rules
from ollama_code.frontends.proxy.serve import House, bound_socket, listening, run_proxy


@asynccontextmanager
async def closed_door() -> AsyncGenerator[tuple[Door, asyncio.Event, httpx.AsyncClient], None]:
    stopping = asyncio.Event()
    with bound_socket(read_flags(["-p", "0"], {})) as listener:
        door = Door(Rules("a token"), stopping)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with (
            listening(door, listener, stopping),
            httpx.AsyncClient(base_url=url, trust_env=False) as client,
        ):
            yield door, stopping, client


def test_a_directory_that_is_not_there_is_told_before_anybody_is_let_in(tmp_path: Path):
    def read() -> House:
        raise AssertionError("the door was open")

    with pytest.raises(UsageError, match="nowhere"):
        run_proxy(read_flags(["-p", "0", "--working-dir", str(tmp_path / "nowhere")], {}), read)


async def test_health_is_answered_before_the_door_opens():
    async with closed_door() as (_, _, client):
        assert (await client.get("/health")).json() == {"status": "ok"}


async def test_health_is_answered_to_nobody_who_names_another_host():
    async with closed_door() as (_, _, client):
        assert (await client.get("/health", headers={"host": "example.org"})).status_code == 403


async def test_another_request_waits_until_the_door_opens():
    async with closed_door() as (door, _, client):
        asking = asyncio.create_task(client.get("/v1/models"))
        await client.get("/health")
        assert not asking.done()
        door.open(JSONResponse({"data": []}))
        assert (await asking).json() == {"data": []}


async def test_who_waits_at_a_door_that_never_opens_is_told_so():
    async with closed_door() as (_, stopping, client):
        asking = asyncio.create_task(client.get("/v1/models"))
        await client.get("/health")
        stopping.set()
        assert (await asking).status_code == 503
