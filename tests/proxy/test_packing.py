"""Bodies that come compressed: read, bounded by what they unpack to, and refused when they are broken."""

from __future__ import annotations

import gzip
import json
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from ollama_code.frontends.proxy.guard import BODY_LIMIT_BYTES
from tests.ollama_server import OllamaServer, Reply
from tests.proxy.client import running, user

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CHAT = "/v1/chat/completions"
BODY = json.dumps({"model": "tiny", "messages": [user("Say plum.")]}).encode()
PACKERS = {"gzip": gzip.compress, "deflate": zlib.compress, "zstd": zstd.compress}


async def posted(server: OllamaServer, project: Path, encoding: str, content: bytes):
    headers = {"content-type": "application/json", "content-encoding": encoding}
    async with running(server.url, project) as proxy, proxy.raw() as client:
        return await client.post(CHAT, content=content, headers=headers)


@pytest.mark.parametrize(
    ("encoding", "pack"), [*PACKERS.items(), ("identity", bytes), ("GZIP", gzip.compress)]
)
async def test_a_packed_body_is_read(
    server: OllamaServer, project: Path, encoding: str, pack: Callable[[bytes], bytes]
):
    server.play(Reply(text="Plum."))
    answer = await posted(server, project, encoding, pack(BODY))
    assert answer.json()["choices"][0]["message"]["content"] == "Plum."
    assert server.chats[0].json()["messages"][0]["content"] == "Say plum."


@pytest.mark.parametrize(("encoding", "pack"), PACKERS.items())
async def test_a_small_body_that_unpacks_to_a_huge_one_is_refused(
    server: OllamaServer, project: Path, encoding: str, pack: Callable[[bytes], bytes]
):
    answer = await posted(server, project, encoding, pack(b" " * (BODY_LIMIT_BYTES + 1)))
    assert answer.status_code == 413 and server.requests == []


@pytest.mark.parametrize(("encoding", "pack"), PACKERS.items())
@pytest.mark.parametrize("damaged", [lambda data: data[:-9], lambda data: b"plum" + data, lambda data: BODY])
async def test_a_broken_body_is_refused(
    server: OllamaServer,
    project: Path,
    encoding: str,
    pack: Callable[[bytes], bytes],
    damaged: Callable[[bytes], bytes],
):
    answer = await posted(server, project, encoding, damaged(pack(BODY)))
    assert answer.status_code == 400 and answer.json()["error"]["type"] == "invalid_request_error"


async def test_an_unknown_packing_is_refused_with_those_that_are_known(server: OllamaServer, project: Path):
    answer = await posted(server, project, "br", BODY)
    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "gzip, deflate, zstd")
