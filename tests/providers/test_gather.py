"""A transport of our own: how often it wakes the program, what it keeps, and that it fails as httpx does.
The answers themselves are those of `test_ollama`, which asks over it too."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import httpx
import pytest

from ollama_code.providers.connection import transport
from ollama_code.providers.gather import GatheringTransport, Road
from tests.ollama_server import OllamaServer, Pace, Reply

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
TOKENS = 300
CHAT = {"model": "tiny:latest", "stream": True, "messages": [{"role": "user", "content": "go"}]}


def client_of(url: str, gather_s: float = 0.08) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=url, transport=transport(url, trusts_environment=False, gather_s=gather_s)
    )


async def waits_of(pieces: AsyncIterator[object]) -> tuple[int, int]:
    """How many pieces came, and before how many of them the loop turned."""
    loop, turned = asyncio.get_running_loop(), list[bool]()
    count = waits = 0
    async for _ in pieces:
        count, waits = count + 1, waits + bool(turned)
        turned.clear()
        loop.call_soon(turned.append, True)
    return count, waits


async def streamed(gather_s: float) -> tuple[int, int]:
    with OllamaServer() as server:
        server.play(Reply(pieces=tuple(f"{n} " for n in range(TOKENS)), pace=Pace(token_s=0.003)))
        async with (
            client_of(server.url, gather_s) as client,
            client.stream("POST", "/api/chat", json=CHAT) as answer,
        ):
            return await waits_of(answer.aiter_raw())


async def test_the_tokens_of_a_long_answer_are_read_together():
    _, waits = await streamed(gather_s=0.08)
    assert waits < TOKENS / 2


async def test_without_a_screen_each_is_read_as_it_comes():
    _, waits = await streamed(gather_s=0.0)
    assert waits > TOKENS / 2


async def test_a_connection_is_used_again():
    with OllamaServer() as server:
        async with client_of(server.url) as client:
            wires = [(await client.get("/api/version")).extensions["network_stream"] for _ in range(2)]
    assert wires[0] is wires[1]


@asynccontextmanager
async def listening(talk: Talk) -> AsyncIterator[str]:
    """The address of a server that closes each connection after its `talk`."""
    talks: list[asyncio.Task[None]] = []

    async def whole(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await talk(reader, writer)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    def begun(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(asyncio.create_task(whole(reader, writer)))

    async with await asyncio.start_server(begun, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await asyncio.gather(*talks)


async def test_a_connection_that_the_server_has_closed_is_not_used_again():
    closed = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        writer.close()
        await writer.wait_closed()
        closed.set()

    async with listening(talk) as url, client_of(url) as client:
        first = await client.get("/")
        await closed.wait()
        await asyncio.to_thread(lambda: None)  # until the loop has looked at its sockets
        second = await client.get("/")
    assert (first.text, second.text) == ("ok", "ok")
    assert first.extensions["network_stream"] is not second.extensions["network_stream"]


async def test_an_answer_that_is_left_closes_its_connection():
    left = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n")
        await reader.read()
        left.set()

    async with listening(talk) as url, client_of(url) as client:
        async with client.stream("GET", "/") as answer:
            assert await anext(answer.aiter_raw()) == b"one"
        await left.wait()


async def test_nobody_there_is_told_as_httpx_tells_it():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with client_of(f"http://127.0.0.1:{taken.getsockname()[1]}") as client:
            with pytest.raises(httpx.ConnectError):
                await client.get("/")


async def test_who_does_not_shake_hands_is_not_waited_for():
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listening(talk) as url:
        server = GatheringTransport(Road(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)))
        async with httpx.AsyncClient(transport=server, timeout=0.1) as client:
            with pytest.raises(httpx.ConnectTimeout):
                await client.get(url.replace("http:", "https:"))


async def test_what_is_no_http_is_not_sent():
    came: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.read())

    async with listening(talk) as url, client_of(url) as client:
        with pytest.raises(httpx.LocalProtocolError):
            await client.get("/", headers={"x-key": "one\r\ntwo: 2"})
        while not came:
            await asyncio.to_thread(lambda: None)
    assert came == [b""]


async def test_an_answer_that_breaks_off_is_told_as_httpx_tells_it():
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n")

    async with listening(talk) as url, client_of(url) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/")


async def test_a_question_leaves_in_one_piece():
    packets: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        packets.append(await reader.read(65536))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")

    async with listening(talk) as url, client_of(url, gather_s=0.0) as client:
        await client.post("/api/chat", json=CHAT)
    head, _, body = packets[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /api/chat ")
    assert body.endswith(b"}")
