"""The description of the routes is true: schemathesis, which makes requests out of it, finds nothing to say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.e2e.program import Program
from tests.ollama_server import OllamaServer, Reply
from tests.proxy.test_serve import started

EXAMPLES = 5
"""For each phase and route; a night with `--max-examples 1000` finds no more."""


@pytest.fixture
def program(tmp_path: Path, server: OllamaServer) -> Program:
    (tmp_path / "program").mkdir()
    return Program(tmp_path / "program", server.url)


@pytest.mark.timeout(240)
def test_schemathesis_finds_nothing(program: Program, server: OllamaServer):
    server.play(*[Reply(text="Hello.")] * 5000)
    with program.running("--serve", "-p", "0", "--no-commands", "--auth-token", "plum") as running:
        url = started(running.lines())["OPENAI_BASE_URL"].removesuffix("/v1")
        words = ["-m", "schemathesis.cli", "run", f"{url}/openapi.json", "-H", "Authorization: Bearer plum"]
        words += ["--max-examples", str(EXAMPLES), "--no-color", "--seed", "1"]
        ran = subprocess.run(
            [sys.executable, *words], cwd=program.folder, capture_output=True, text=True, check=False
        )
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-1000:]


def test_the_description_needs_the_token_and_names_every_route(program: Program):
    with program.running("--serve", "-p", "0", "--auth-token", "plum") as running:
        url = started(running.lines())["OPENAI_BASE_URL"].removesuffix("/v1")
        refused = httpx.get(f"{url}/openapi.json", trust_env=False)
        told = httpx.get(f"{url}/openapi.json", headers={"authorization": "Bearer plum"}, trust_env=False)
    assert refused.status_code == 401
    assert set(told.json()["paths"]) == {
        "/",
        "/api/hello",
        "/api/tags",
        "/api/version",
        "/health",
        "/openapi.json",
        "/v1/models",
        "/v1/models/{name}",
        "/v1/chat/completions",
        "/v1/messages",
        "/v1/messages/count_tokens",
    }
