"""Who gets in: refused requests never reach Ollama, and are answered in the dialect's envelope."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path

import httpx
import pytest

from ollama_code.frontends.proxy.connections import HEAD_LIMIT_BYTES
from ollama_code.frontends.proxy.guard import BODY_LIMIT_BYTES, Guard, Rules
from tests.ollama_server import OllamaServer
from tests.proxy.client import TOKEN, running, user

CHAT = "/v1/chat/completions"
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("headers", "status", "type"),
    [
        ({"authorization": ""}, 401, "authentication_error"),
        ({"authorization": "Bearer wrong"}, 401, "authentication_error"),
        ({"authorization": f"Basic {TOKEN}"}, 401, "authentication_error"),
        ({"authorization": "", "x-api-key": TOKEN}, 401, "authentication_error"),
        ({"host": "evil.example"}, 403, "permission_error"),
        ({"host": "127.0.0.1.evil.example"}, 403, "permission_error"),
        ({"host": "192.168.1.7"}, 403, "permission_error"),
        ({"origin": "http://localhost:3000"}, 403, "permission_error"),
        ({"origin": "null"}, 403, "permission_error"),
        ({"sec-fetch-site": "cross-site"}, 403, "permission_error"),
        ({"content-type": "text/plain"}, 415, "invalid_request_error"),
    ],
)
async def test_a_request_that_is_refused(
    server: OllamaServer, project: Path, headers: dict[str, str], status: int, type: str
):
    async with running(server.url, project) as proxy, proxy.raw() as client:
        answer = await client.post(CHAT, content=b"{}", headers={**JSON, **headers})
    assert (answer.status_code, answer.json()["error"]["type"]) == (status, type)
    assert "access-control-allow-origin" not in answer.headers
    assert server.requests == []


async def test_a_body_that_says_it_is_too_big_is_not_waited_for(server: OllamaServer, project: Path):
    async with running(server.url, project) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(proxy.url.rpartition(":")[2]))
        lines = [f"POST {CHAT} HTTP/1.1", "host: localhost", f"authorization: Bearer {TOKEN}"]
        lines += ["content-type: application/json", f"content-length: {BODY_LIMIT_BYTES + 1}", "", ""]
        writer.write("\r\n".join(lines).encode())
        assert (await reader.readline()).split()[1] == b"413"
        writer.close()
        await writer.wait_closed()


async def test_a_body_that_hides_its_size_is_cut_off(server: OllamaServer, project: Path):
    async def endless():
        piece = b" " * 1024 * 1024
        for _ in range(33):
            yield piece

    async with running(server.url, project) as proxy, proxy.raw() as client:
        answer = await client.post(CHAT, content=endless(), headers=JSON)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("path", "type"), [(CHAT, "invalid_request_error"), ("/v1/messages", "request_too_large")]
)
@pytest.mark.parametrize("packed", [True, False])
async def test_a_body_that_is_too_big_is_told_in_the_words_of_its_dialect(
    server: OllamaServer, project: Path, path: str, type: str, packed: bool
):
    body = b'{"messages": "' + b" " * BODY_LIMIT_BYTES
    headers = {**JSON, **({"content-encoding": "gzip"} if packed else {})}
    async with running(server.url, project) as proxy, proxy.raw() as client:
        answer = await client.post(path, content=gzip.compress(body, 1) if packed else body, headers=headers)
    assert (answer.status_code, answer.json()["error"]["type"]) == (413, type)
    assert (answer.headers["x-should-retry"], "32 MiB" in answer.text) == ("false", True)


async def test_a_refusal_reaches_a_client_that_sends_all_of_its_body_first(
    server: OllamaServer, project: Path
):
    headers = {**JSON, "authorization": "Bearer wrong"}
    async with running(server.url, project) as proxy, proxy.raw() as client:
        answers = [await client.post(CHAT, content=b" " * 8 * 1024**2, headers=headers) for _ in range(2)]
        health = await client.get("/health")
    assert [answer.status_code for answer in answers] == [401, 401] and health.status_code == 200


async def test_health_needs_no_token_and_says_nothing_else(server: OllamaServer, project: Path):
    async with running(server.url, project) as proxy, httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{proxy.url}/health")
        foreign = await client.get(f"{proxy.url}/health", headers={"host": "evil.example"})
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert foreign.status_code == 403 and server.requests == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v1/embeddings", 404),
        ("POST", "/v1/responses", 404),
        ("GET", "/health/", 404),
        ("GET", CHAT, 405),
    ],
)
async def test_what_is_not_there_says_so(
    server: OllamaServer, project: Path, method: str, path: str, status: int
):
    async with running(server.url, project) as proxy, proxy.raw() as client:
        answer = await client.request(method, path, json={"messages": [user("x")]})
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


@pytest.mark.parametrize(
    ("method", "path", "status", "type"),
    [
        ("POST", "/v1/messages/batches", 404, "not_found_error"),
        ("GET", "/v1/messages", 405, "invalid_request_error"),
        ("GET", "/v1/files", 404, "not_found_error"),
    ],
)
async def test_anthropics_clients_are_told_in_their_envelope(
    server: OllamaServer, project: Path, method: str, path: str, status: int, type: str
):
    headers = {"anthropic-version": "2023-06-01"}
    async with running(server.url, project) as proxy, proxy.raw() as client:
        answer = await client.request(method, path, json={}, headers=headers)
    said = answer.json()
    assert (answer.status_code, said["type"], said["error"]["type"]) == (status, "error", type)
    assert answer.headers["request-id"] == said["request_id"]


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/v1/messages", {"x-api-key": TOKEN}, 400),
        ("/v1/messages/count_tokens", {"x-api-key": TOKEN}, 400),
        ("/v1/v1/messages", {"x-api-key": TOKEN}, 400),
        ("/v1/messages", {"authorization": f"Bearer {TOKEN}"}, 400),
        ("/v1/messages", {"x-api-key": "wrong"}, 401),
        ("/v1/messages", {"x-api-key": ""}, 401),
        ("/v1/messages", {}, 401),
        ("/v1/messagesX", {"x-api-key": TOKEN}, 401),
    ],
)
async def test_the_token_in_anthropics_own_header_counts_for_messages_only(
    server: OllamaServer, project: Path, path: str, headers: dict[str, str], status: int
):
    async with running(server.url, project) as proxy, httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(proxy.url + path, json={}, headers=headers)
    assert answer.status_code == status


@pytest.mark.parametrize(("method", "path"), [("HEAD", "/"), ("GET", "/"), ("HEAD", "/api/hello")])
async def test_a_client_that_looks_whether_anybody_is_there_is_answered(
    server: OllamaServer, project: Path, method: str, path: str
):
    async with running(server.url, project) as proxy, proxy.raw() as client:
        assert (await client.request(method, path)).status_code == 200


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("host: localhost:PORT", b"200"),
        ("host: localhost", b"200"),
        ("host: localhost:1", b"403"),
        ("host:", b"403"),
        ("host: localhost\r\nhost: evil.example", b"400"),
        ("x: y", b"400"),
        ("host: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked", b"400"),
    ],
)
async def test_the_head_of_a_request_must_mean_one_thing(
    server: OllamaServer, project: Path, head: str, status: bytes
):
    async with running(server.url, project) as proxy:
        port = proxy.url.rpartition(":")[2]
        reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
        lines = head.replace("PORT", port)
        writer.write(f"GET /health HTTP/1.1\r\n{lines}\r\n\r\n".encode())
        assert (await reader.readline()).split()[1] == status
        writer.close()
        await writer.wait_closed()


async def test_a_head_without_end_is_not_read(server: OllamaServer, project: Path):
    async with running(server.url, project) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(proxy.url.rpartition(":")[2]))
        writer.write(b"GET /health HTTP/1.1\r\n" + b"x-more: plum\r\n" * (HEAD_LIMIT_BYTES // 10))
        assert await reader.read() == b""  # closed, without an answer
        writer.close()


@pytest.mark.parametrize(
    "host",
    ["LOCALHOST:8080", "[::1]:8080", "[::1]", "127.0.0.1", "127.9.9.9:8080", "a.localhost", "box.lan:1"],
)
async def test_this_machine_has_many_names(host: str):
    assert await asked(Rules(None, frozenset({"box.lan"}), port=8080), host) == 200


@pytest.mark.parametrize(
    "host",
    ["[::1]/health?", "x/health?.localhost", "box.lan:1/health?", "[", "localhost:x", "a b.localhost", "::1"],
)
async def test_what_is_no_host_is_not_taken_for_one(host: str):
    assert await asked(Rules("plum", frozenset({"box.lan"})), host) == 403


async def asked(rules: Rules, host: str) -> int:
    """The status of a guarded request with this Host and no token."""

    async def inside(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    transport = httpx.ASGITransport(Guard(inside, rules))
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        return (await client.get("/v1/models", headers={"host": host})).status_code


@pytest.mark.parametrize(
    ("host", "status"),
    [("192.168.1.7:8080", 200), ("box.lan", 200), ("evil.example", 403), ("localhost", 200)],
)
async def test_a_remote_server_is_called_by_address_or_by_a_name_it_was_given(host: str, status: int):
    assert await asked(Rules(None, frozenset({"box.lan"}), remote=True), host) == status
