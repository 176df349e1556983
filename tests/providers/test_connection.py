"""Connections that stay through minutes of silence."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from ollama_code.providers.connection import IDLE_S, transport
from tests.ollama_server import OllamaServer

ANYWHERE = "https://gpu.example.org:443"


@pytest.mark.skipif(not hasattr(socket, "TCP_KEEPIDLE"), reason="this system names the option differently")
async def test_a_silent_connection_shows_now_and_then_that_it_is_in_use() -> None:
    with OllamaServer() as server:
        async with (
            httpx.AsyncClient(transport=transport(server.url, trusts_environment=False)) as client,
            client.stream("GET", server.url) as response,
        ):
            wire = response.extensions["network_stream"].get_extra_info("socket")
            assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == IDLE_S


def test_a_proxy_of_the_environment_is_left_to_httpx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    assert transport(ANYWHERE, trusts_environment=True) is None
    assert transport(ANYWHERE, trusts_environment=False) is not None


@pytest.mark.parametrize(("url", "read"), [("http://gpu:11434", False), (ANYWHERE, True)])
def test_certificates_are_read_only_where_https_needs_them(url: str, *, read: bool, tmp_path: Path) -> None:
    code = f"""
from ollama_code.providers.connection import transport
try:
    transport({url!r}, trusts_environment=True)
except OSError:
    print("read")
"""
    environment = {"PATH": "/usr/bin", "PYTHONPATH": ".", "SSL_CERT_FILE": str(tmp_path / "missing.pem")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, encoding="utf-8", check=True
    )
    assert ("read" in done.stdout) is read
