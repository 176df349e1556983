"""The numbers of `--metrics`, as Prometheus reads them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import openai
import pytest

from ollama_code.core.usage import Usage
from ollama_code.frontends.proxy.metrics import Metrics
from tests.e2e.program import Program
from tests.ollama_server import Call, Fault, OllamaServer, Pace, Reply
from tests.proxy.client import Wish, running, user
from tests.proxy.test_serve import started
from tests.proxy.test_turns import until

READ = Reply(calls=(Call("read_file", {"file_path": "README.md"}),))


def samples(text: str) -> dict[str, float]:
    """Each sample by its name with labels. Raises: ValueError for a line that is none."""
    lines = [line for line in text.splitlines() if not line.startswith("# ")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def told(metrics: Metrics) -> dict[str, float]:
    return samples(metrics.text({}))


def test_tokens_are_told_apart_by_what_they_cost():
    metrics = Metrics()
    metrics.used(Usage(prompt_tokens=100, generated_tokens=7, cached_tokens=90))
    metrics.used(Usage(prompt_tokens=5, generated_tokens=1))
    found = {
        kind: told(metrics)[f'ollama_code_tokens_total{{kind="{kind}"}}']
        for kind in ("read", "cached", "generated")
    }
    assert found == {"read": 15, "cached": 90, "generated": 8}


def test_the_buckets_of_a_histogram_add_up():
    metrics = Metrics()
    for seconds in (0.1, 0.3, 1000):
        metrics.waited(seconds)
    found = told(metrics)
    name = "ollama_code_first_chunk_seconds"
    assert [found[f'{name}_bucket{{le="{bound}"}}'] for bound in ("0.1", "0.25", "0.5", "300.0", "+Inf")] == [
        1,
        1,
        2,
        2,
        3,
    ]
    assert (found[f"{name}_count"], found[f"{name}_sum"]) == (3, pytest.approx(1000.4))


@pytest.mark.parametrize(
    ("outcome", "ended"),
    [
        ("done", "well"),
        ("exit code 0 after 0.1 s", "well"),
        ("exit code 1 after 0.1 s", "badly"),
        ("file_not_found", "badly"),
        ("stopped", "stopped"),
    ],
)
def test_runs_of_tools_are_told_by_how_they_ended(outcome: str, ended: str):
    metrics = Metrics()
    metrics.ran("edit", outcome)
    assert told(metrics)[f'ollama_code_tool_runs_total{{tool="edit",ended="{ended}"}}'] == 1


def test_a_label_stays_in_its_quotes():
    metrics = Metrics()
    metrics.ran('a"b\\c\nd', "done")
    assert '{tool="a\\"b\\\\c\\nd",ended="well"} 1' in metrics.text({})


async def test_everything_that_happens_is_counted(server: OllamaServer, project: Path):
    server.play(READ, Reply(text="It is plum."), Fault.busy())
    async with (
        running(server.url, project, Wish(metrics=Metrics())) as proxy,
        proxy.openai() as client,
        proxy.raw() as raw,
    ):
        await client.chat.completions.create(model="tiny", messages=[user("The word?")])
        with pytest.raises(openai.RateLimitError):
            await client.chat.completions.create(model="tiny", messages=[user("Again?")])
        await raw.get("/v1/models/tiny")
        await raw.get("/a-path-of-nobody", headers={"authorization": ""})
        answer = await raw.get("/metrics")
    found = samples(answer.text)
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert found['ollama_code_requests_total{path="/v1/chat/completions",status="200"}'] == 1
    assert found['ollama_code_requests_total{path="/v1/models/{name}",status="200"}'] == 1
    assert found['ollama_code_requests_total{path="other",status="401"}'] == 1
    assert found['ollama_code_tool_runs_total{tool="read_file",ended="well"}'] == 1
    assert found["ollama_code_first_chunk_seconds_count"] == 2
    assert found['ollama_code_tokens_total{kind="generated"}'] > 0
    assert found['ollama_code_upstream_errors_total{error="ServerBusy"}'] == 1
    assert (found["ollama_code_queue_length"], found["ollama_code_running_turns"]) == (0, 0)


async def test_what_runs_and_what_waits_is_told_while_it_does(server: OllamaServer, project: Path):
    gate = server.gate()
    server.play(Reply(text="One.", pace=Pace(hold=gate)), Reply(text="Two."))
    async with running(server.url, project, Wish(metrics=Metrics())) as proxy, proxy.raw() as client:
        body = {"model": "tiny", "messages": [user("Go.")]}
        both = asyncio.gather(*[client.post("/v1/chat/completions", json=body) for _ in range(2)])
        await gate.until_reached()
        await until(lambda: proxy.inside == 2)
        found = samples((await client.get("/metrics")).text)
        gate.open()
        await both
    names = ("queue_length", "running_turns", "open_requests")
    assert [found[f"ollama_code_{name}"] for name in names] == [1, 1, 2]


async def test_they_need_the_token_and_are_described(server: OllamaServer, project: Path):
    async with running(server.url, project, Wish(metrics=Metrics())) as proxy, proxy.raw() as client:
        refused = await client.get("/metrics", headers={"authorization": ""})
        paths = (await client.get("/openapi.json")).json()["paths"]
    assert refused.status_code == 401 and "/metrics" in paths


def test_they_are_off_unless_asked_for(tmp_path: Path, server: OllamaServer):
    (tmp_path / "program").mkdir()
    program = Program(tmp_path / "program", server.url)
    found = []
    for flags in ([], ["--metrics"]):
        with program.running("--serve", "-p", "0", "--no-auth", *flags) as process:
            url = started(process.lines())["ANTHROPIC_BASE_URL"]
            found.append(httpx.get(f"{url}/metrics", trust_env=False).status_code)
    assert found == [404, 200]
