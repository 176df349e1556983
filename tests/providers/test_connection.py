"""Connections that stay through minutes of silence."""

from __future__ import annotations

import socket

import httpx
import pytest

from ollama_code.providers.connection import IDLE_S, transport
from tests.ollama_server import OllamaServer


@pytest.mark.skipif(not hasattr(socket, "TCP_KEEPIDLE"), reason="this system names the option differently")
async def test_a_silent_connection_shows_now_and_then_that_it_is_in_use() -> None:
    with OllamaServer() as server:
        async with (
            httpx.AsyncClient(transport=transport(trusts_environment=False)) as client,
            client.stream("GET", server.url) as response,
        ):
            wire = response.extensions["network_stream"].get_extra_info("socket")
            assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == IDLE_S


def test_a_proxy_of_the_environment_is_left_to_httpx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    assert transport(trusts_environment=True) is None
    assert transport(trusts_environment=False) is not None
