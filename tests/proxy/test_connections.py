"""How an answer leaves: in as few packets as it has parts."""

from __future__ import annotations

import asyncio
from typing import cast

from ollama_code.frontends.proxy.connections import InOnePiece

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n"


class Recorded:
    """A transport that only remembers."""

    def __init__(self) -> None:
        self.packets: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.packets.append(data)

    def close(self) -> None:
        self.packets.append(b"closed")


def piece() -> tuple[InOnePiece, list[bytes]]:
    recorded = Recorded()
    return InOnePiece(cast(asyncio.Transport, recorded)), recorded.packets


async def test_the_head_of_an_answer_leaves_with_its_first_words():
    transport, packets = piece()
    transport.write(HEAD)
    transport.write(b"Yes.")
    assert packets == [HEAD + b"Yes."]


async def test_a_head_that_nothing_follows_leaves_in_the_next_turn():
    transport, packets = piece()
    transport.write(HEAD)
    await asyncio.sleep(0)
    assert packets == [HEAD]


async def test_a_head_leaves_before_its_connection_is_closed():
    transport, packets = piece()
    transport.write(HEAD)
    transport.close()
    assert packets == [HEAD, b"closed"]
