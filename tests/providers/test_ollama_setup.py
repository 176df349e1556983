"""What a client takes from its arguments and its environment, and what it sends to whom because of it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import httpx
import ollama
import pytest

from ollama_code.core.errors import RequestRejected, ServerUnreachable, UsageError
from ollama_code.providers.ollama import OllamaProvider, Waits
from tests.ollama_server import OllamaServer


@pytest.fixture
def server() -> Iterator[OllamaServer]:
    with OllamaServer() as running:
        yield running


async def test_a_path_in_the_address_is_kept(server: OllamaServer) -> None:
    async with OllamaProvider(f"{server.url}/behind/proxy") as provider:
        with pytest.raises(RequestRejected, match="check the address"):
            await provider.version()
    assert server.requests[-1].path == "/behind/proxy/api/version"


async def authorization_of(server: OllamaServer, provider: OllamaProvider) -> str | None:
    async with provider:
        await provider.version()
    return server.requests[-1].headers.get("authorization")


async def test_a_key_that_was_given_is_sent(server: OllamaServer) -> None:
    assert await authorization_of(server, OllamaProvider(server.url, api_key="k1")) == "Bearer k1"


async def test_headers_that_were_given_are_sent(server: OllamaServer) -> None:
    provider = OllamaProvider(server.url, headers={"Authorization": "Token t", "X-Team": "blue"})
    assert await authorization_of(server, provider) == "Token t"
    assert server.requests[-1].headers["x-team"] == "blue"


async def test_a_login_in_the_address_is_sent_and_not_shown(server: OllamaServer) -> None:
    provider = OllamaProvider(server.url.replace("//", "//ann:pa%40ss@"))
    assert provider.url == server.url
    assert await authorization_of(server, provider) == "Basic YW5uOnBhQHNz"


async def test_the_key_of_the_environment_goes_to_the_cloud_alone(
    server: OllamaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_API_KEY", "env-key")
    assert await authorization_of(server, OllamaProvider(server.url)) is None
    async with OllamaProvider("https://ollama.com:443") as cloud:
        assert cloud._client.headers["authorization"] == "Bearer env-key"


async def test_a_proxy_of_the_environment_is_not_used_on_loopback(
    server: OllamaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    async with OllamaProvider(server.url) as provider:
        assert await provider.version()


def test_a_proxy_variable_that_cannot_work_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    with pytest.raises(UsageError, match="ALL_PROXY"):
        OllamaProvider("http://gpu.example:11434")


def test_a_key_with_a_strange_character_is_refused_without_showing_it() -> None:
    with pytest.raises(UsageError) as caught:
        OllamaProvider("http://127.0.0.1:11434", api_key="geheimschlüssel")
    assert "geheim" not in str(caught.value)


NONSENSE = {
    "OLLAMA_HOST": "http://x:99999999",
    "ALL_PROXY": "socks5://127.0.0.1:1",
    "SSL_CERT_FILE": "/nowhere/cert.pem",
    "OLLAMA_API_KEY": "ключ",
}


@pytest.mark.parametrize("name", NONSENSE)
def test_the_module_can_be_imported_whatever_the_environment_says(name: str) -> None:
    code = f"import os, ollama_code.providers.ollama; print(os.environ[{name!r}])"
    environment = {"PATH": "/usr/bin", "PYTHONPATH": ".", "PYTHONUTF8": "1", name: NONSENSE[name]}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, encoding="utf-8"
    )
    assert (done.stdout.strip(), done.stderr) == (NONSENSE[name], "")


def test_the_program_that_httpx_brings_is_not_loaded_with_it_and_can_be_afterwards() -> None:
    code = (
        "import sys, ollama_code.providers.ollama; print('rich' in sys.modules, end=' ');"
        "import httpx._main; print('rich' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.split() == ["False", "True"]


async def test_the_base_class_still_has_the_client_we_use() -> None:
    async with ollama.AsyncClient("http://127.0.0.1:1") as base:
        assert isinstance(base._client, httpx.AsyncClient)


async def test_a_server_that_never_comes_to_an_end_is_given_up() -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"1\r\n \r\n")
            await writer.drain()
            await asyncio.sleep(0)

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with OllamaProvider(f"http://127.0.0.1:{port}", waits=Waits(patience_s=0.2)) as provider:
            with pytest.raises(ServerUnreachable, match="does not answer"):
                await provider.version()
