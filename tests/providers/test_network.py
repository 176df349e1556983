"""Plain http without the detours of httpx: what leaves together, when a connection is used again, how it fails."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import httpx
import pytest

from ollama_code.providers.network import PlainTransport

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@asynccontextmanager
async def client_of(talk: Talk) -> AsyncIterator[httpx.AsyncClient]:
    talks = list[asyncio.Task[None] | None]()

    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(asyncio.current_task())
        with suppress(OSError):
            await talk(reader, writer)
            writer.close()
            await writer.wait_closed()

    async with await asyncio.start_server(closing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(transport=PlainTransport(()), base_url=url) as client:
            yield client
        await asyncio.wait(filter(None, talks))


async def test_the_head_of_a_request_leaves_together_with_its_body() -> None:
    arrived = list[bytes]()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.append(await reader.read(65_536))
        writer.write(OK)

    async with client_of(talk) as client:
        await client.post("/", content=b"the body")
    assert arrived[0].endswith(b"the body")


async def test_a_body_larger_than_what_is_held_back_arrives_whole() -> None:
    body, arrived = bytes(range(256)) * 4096, list[bytes]()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        arrived.append(await reader.readexactly(len(body)))
        writer.write(OK)

    async with client_of(talk) as client:
        await client.post("/", content=body)
    assert arrived == [body]


async def test_a_connection_that_the_server_closed_meanwhile_is_not_used_again() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)

    async with client_of(talk) as client:
        answers = [(await client.get("/")).text for _ in range(5)]
    assert answers == ["ok"] * 5


async def test_a_connection_that_stays_open_is_used_again() -> None:
    connections = list[object]()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        for _ in range(3):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(OK)

    async with client_of(talk) as client:
        for _ in range(3):
            await client.get("/")
    assert len(connections) == 1


async def test_a_connection_that_breaks_in_an_answer_is_an_error_of_reading() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK.replace(b"length: 2", b"length: 9"))
        await writer.drain()
        wire = writer.get_extra_info("socket")
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    async with client_of(talk) as client:
        with pytest.raises(httpx.ReadError):
            await client.get("/")


async def test_an_answer_that_does_not_come_in_time_is_late_and_not_broken() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with client_of(talk) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.get("/", timeout=0.05)


async def test_nobody_at_the_address_is_an_error_of_connecting() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with httpx.AsyncClient(transport=PlainTransport(())) as client:
            with pytest.raises(httpx.ConnectError):
                await client.get(f"http://127.0.0.1:{taken.getsockname()[1]}")
