"""Nothing leaves the machine but to the server that was named."""

from __future__ import annotations

import json

from tests.e2e.program import Program, watched
from tests.ollama_server import Call, OllamaServer, Reply


def test_a_turn_speaks_to_the_named_server_alone(program: Program, server: OllamaServer) -> None:
    log = watched(program)
    calls = (Call("list_directory", {}), Call("run_shell_command", {"command": "true"}))
    server.play(Reply(calls=calls), Reply(text="Done."))
    proxies = dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY"), "http://127.0.0.1:9")
    assert program.run("-p", "go", "--yolo", **proxies).code == 0
    spoken = [json.loads(line) for line in log.read_text().splitlines()]
    assert {json.dumps(address) for _, address in spoken} == {json.dumps(["127.0.0.1", server.port])}


def test_a_key_of_the_cloud_is_not_sent_to_a_local_server(program: Program, server: OllamaServer) -> None:
    server.play(Reply(text="Hello."))
    program.url = ""
    program.run("-p", "hi", "--ollama-url", server.url, OLLAMA_API_KEY="secret")
    assert all("authorization" not in request.headers for request in server.requests)
    assert len(server.chats) == 1
