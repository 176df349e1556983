"""The server under test: the real one that MODEL names (`make live OLLAMA_HOST=... MODEL=...`), else our own on the
wire, so that the suite itself is tested wherever there is no Ollama."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import httpx
import pytest

from ollama_code.ports import ModelInfo
from ollama_code.providers.host import base_url
from ollama_code.providers.ollama import OllamaProvider
from tests.ollama_server import Fault, Model, OllamaServer, Reply

ON_THE_WIRE = ("talks", "calls")
"""The models of our own server: one that only talks, as a 135M model does, and one that calls tools."""


@dataclass(frozen=True)
class Live:
    """`wire` is our own server, `None` when a real one is asked."""

    url: str
    model: str
    wire: OllamaServer | None

    def play(self, *items: Reply | Fault) -> None:
        """What our own server answers. A real one says what it likes."""
        if self.wire is not None:
            self.wire.play(*items)


@pytest.fixture(params=[os.environ["MODEL"]] if os.environ.get("MODEL") else ON_THE_WIRE)
def live(request: pytest.FixtureRequest) -> Iterator[Live]:
    if request.param not in ON_THE_WIRE:
        url = base_url(os.environ.get("OLLAMA_HOST", ""))
        try:
            httpx.get(f"{url}/api/version", timeout=5)
        except httpx.HTTPError as e:
            pytest.skip(f"no Ollama answers at {url} ({e})")
        yield Live(url, request.param, None)
        return
    models = [
        Model("talks", capabilities=("completion",), context_length=2048, read_token_s=0.0001),
        Model("calls", read_token_s=0.0001),
    ]
    with OllamaServer(models=models) as server:
        yield Live(server.url, request.param, server)


@pytest.fixture
async def provider(live: Live) -> AsyncIterator[OllamaProvider]:
    client = OllamaProvider(live.url)
    yield client
    await client.close()


@pytest.fixture
async def info(live: Live, provider: OllamaProvider) -> ModelInfo:
    return await provider.describe(live.model)
