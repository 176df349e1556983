"""Installing a model: one number out of many layers, and what goes wrong in words."""

from __future__ import annotations

import pytest

from ollama_code.core.errors import ModelMissing, ProviderError, ReplyBroken
from ollama_code.ports import PullProgress
from ollama_code.providers.ollama import OllamaProvider
from ollama_code.providers.pull import PullReader
from tests.ollama_server import OllamaServer, Pull

LAYERS = (
    {"status": "pulling aaa", "digest": "sha256:aaa", "total": 100},
    {"status": "pulling aaa", "digest": "sha256:aaa", "total": 100, "completed": 100},
    {"status": "pulling bbb", "digest": "sha256:bbb", "total": 50, "completed": 20},
)


async def progress(server: OllamaServer, model: str):
    provider = OllamaProvider(server.url)
    try:
        return [step async for step in provider.pull(model)]
    finally:
        await provider.close()


async def test_layers_add_up_to_one_number():
    with OllamaServer() as server:
        server.set_pull("new:1b", Pull(lines=LAYERS, error=None))
        steps = await progress(server, "new:1b")
    counts = [(step.completed_bytes, step.total_bytes) for step in steps]
    assert counts[:4] == [(0, 0), (0, 100), (100, 100), (120, 150)]
    assert steps[-1].status == "success"


async def test_registry_that_cannot_be_reached_is_an_error_in_words():
    with OllamaServer() as server:
        server.set_pull(
            "http://127.0.0.1:9/library/far:1b", Pull.unreachable("http://127.0.0.1:9/library/far:1b")
        )
        with pytest.raises(ProviderError, match="far:1b"):
            await progress(server, "http://127.0.0.1:9/library/far:1b")


async def test_a_model_nobody_has_is_missing():
    with OllamaServer() as server:
        server.set_pull("no:1b", Pull(lines=LAYERS[:1], error="pull model manifest: file does not exist"))
        with pytest.raises(ModelMissing, match=r"no:1b.*name"):
            await progress(server, "no:1b")


def test_a_download_cut_short_did_not_succeed():
    reader = PullReader("cut:1b", "http://127.0.0.1:1")
    reader.read(b'{"status":"pulling aaa","digest":"sha256:aaa","total":100,"completed":50}')
    assert not reader.succeeded
    assert reader.read(b'{"status":"success"}') == PullProgress("success", 50, 100) and reader.succeeded


def test_a_line_that_is_no_json_is_a_broken_reply():
    with pytest.raises(ReplyBroken):
        PullReader("x", "http://127.0.0.1:1").read(b"<html>")
