"""The bytes of HTTP, and the routes that are not chat."""

import json
import socket
import subprocess
import sys
from urllib.parse import urlsplit

import httpx
import pytest

from tests.ollama_server import Call, Model, OllamaServer, Pull, Reply
from tests.wire_server.asking import USER, calls, chat


def raw_exchange(server: OllamaServer, request: bytes) -> bytes:
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


class TestHttp:
    def test_bytes_of_a_request_are_recorded_exactly(self, server: OllamaServer) -> None:
        body = b'{ "model":"tiny","messages":[] , "x":"\\u00e9\xc3\xa9"}'
        httpx.post(f"{server.url}/api/chat", content=body, headers={"X-Probe": "Yes"})
        [recorded] = server.requests
        assert (recorded.method, recorded.path, recorded.body) == ("POST", "/api/chat", body)
        assert recorded.headers["x-probe"] == "Yes"

    def test_each_line_is_one_chunk(self, server: OllamaServer) -> None:
        server.play(Reply("Hi"))
        body = json.dumps({"model": "tiny", "messages": [USER]}).encode()
        head = (
            b"POST /api/chat HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
        )
        _, _, chunks = raw_exchange(server, head % len(body) + body).partition(b"\r\n\r\n")
        sizes = []
        while chunks != b"0\r\n\r\n":
            size, _, rest = chunks.partition(b"\r\n")
            line, chunks = rest[: int(size, 16)], rest[int(size, 16) + 2 :]
            sizes.append(line.count(b"\n") if line.endswith(b"\n") else -1)
        assert sizes == [1, 1]

    def test_chunked_request_and_pipelining_are_understood(self, server: OllamaServer) -> None:
        first = b"POST /api/show HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        first += b'9\r\n{"model":\r\n7\r\n"tiny"}\r\n0\r\n\r\n'
        second = b"HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        answer = raw_exchange(server, first + second)
        assert server.requests[0].json() == {"model": "tiny"}
        assert answer.count(b"HTTP/1.1 200 OK") == 2
        assert answer.endswith(b"\r\n\r\n")

    def test_text_is_escaped_as_go_does(self, server: OllamaServer) -> None:
        server.play(Reply(text="<a> & \u2028 \x85 é"))
        answer = httpx.post(
            f"{server.url}/api/chat", json={"model": "tiny", "messages": [USER], "stream": False}
        )
        assert b'"content":"\\u003ca\\u003e \\u0026 \\u2028 \xc2\x85 \xc3\xa9"' in answer.content

    def test_one_very_long_call_is_one_line(self, server: OllamaServer) -> None:
        server.play(Reply(calls=(Call("write_file", {"content": "0123456789abcde\n" * 65536}),)))
        assert len(calls(chat(server))[0]["arguments"]["content"]) == 16 * 65536

    def test_child_process_can_talk_to_it(self, server: OllamaServer) -> None:
        program = "import sys, urllib.request as u; sys.stdout.buffer.write(u.urlopen(sys.argv[1]).read())"
        done = subprocess.run([sys.executable, "-c", program, server.url], capture_output=True, check=True)
        assert done.stdout == b"Ollama is running"

    def test_port_is_free_again_afterwards(self) -> None:
        with OllamaServer() as server:
            port = server.port
        with pytest.raises(httpx.ConnectError):
            httpx.get(server.url)
        with OllamaServer(port=port) as again:
            assert httpx.get(f"{again.url}/api/version").json() == {"version": "0.0.0"}


class TestPull:
    def test_progress_then_success_installs(self, server: OllamaServer) -> None:
        layer = {"status": "pulling 0123456789ab", "digest": "sha256:01", "total": 10, "completed": 5}
        server.set_pull("new:1b", Pull((layer,), error=None, installs=Model("new:1b")))
        answer = httpx.post(f"{server.url}/api/pull", json={"model": "new:1b"})
        statuses = [json.loads(line)["status"] for line in answer.text.splitlines()]
        assert statuses == ["pulling manifest", "pulling 0123456789ab", "success"]
        assert httpx.post(f"{server.url}/api/show", json={"model": "new:1b"}).status_code == 200

    def test_unknown_name_is_an_error_line(self, server: OllamaServer) -> None:
        answer = httpx.post(f"{server.url}/api/pull", json={"model": "nope"})
        assert json.loads(answer.text.splitlines()[-1]) == {
            "error": "pull model manifest: file does not exist"
        }
