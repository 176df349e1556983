"""The oracle: what a real Ollama answered on the same paths, recorded in `tests/data/ollama-compat`.

Ours has the same envelopes, ids, orders of events and reasons to stop. It says more (a signature, a stop sequence, a
cache that is not counted), cuts its text at other places, opens a stream before the model is asked, and does better
where that server swallows an error or has no route."""

from __future__ import annotations

import json
import re
from itertools import groupby
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.ollama_server import Model, OllamaServer, Reply
from tests.proxy.client import Wish, running

RECORDINGS = Path(__file__).parents[1] / "data" / "ollama-compat"
BETTER = {"messages-count-tokens", "messages-error-midstream", "v1-chat-error-midstream"}
NAMES = sorted(path.stem for path in RECORDINGS.glob("*.json"))
MODELS = [
    Model("qwen3-coder:lab", capabilities=("completion", "tools")),
    Model("qwen3.5:lab", capabilities=("completion", "tools", "thinking")),
]
OURS = {
    "signature",
    "stop_sequence",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "reasoning_content",
}
IDS = re.compile(r"(?:chatcmpl-\w+|(?:msg|req)_[0-9a-f]{24}|call_\w+)")

Recording = dict[str, Any]


def recording(name: str) -> Recording:
    return json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))


async def replayed(project: Path, asked: Recording) -> httpx.Response:
    """What our proxy answers, its model writing what the recorded one wrote."""
    with OllamaServer(models=MODELS) as server:
        if wrote := asked.get("model_text"):
            server.play(*[Reply(raw=wrote["text"])] * 3)
        request = asked["request"]
        async with running(server.url, project, Wish(tools="never")) as proxy, proxy.raw() as client:
            return await client.request(request["method"], request["path"], json=request["body"])


def plain(value: Any) -> Any:
    """`value` without what only ours says, the words of errors, ids and times."""
    match value:
        case {"tool_calls": _, "content": "", **rest}:
            return plain({**rest, "tool_calls": value["tool_calls"]})
        case {"message": str(), **rest}:
            return plain({**rest, "message": None} | ({"code": None} if "code" in rest else {}))
        case dict():
            return {key: plain(item) for key, item in value.items() if key not in OURS and key != "created"}
        case list():
            return [plain(item) for item in value]
        case str():
            return IDS.sub("ID", value)
        case _:
            return value


def read(body: str) -> list[Any]:
    """The answer as values: one object, or the events of a stream."""
    if not body.startswith(("event:", "data:")):
        return [plain(json.loads(body))]
    events = [block.rpartition("data: ") for block in body.split("\n\n") if block.strip()]
    values = [json.loads(data) if data != "[DONE]" else data for _, _, data in events]
    assert [name.strip() for name, _, _ in events] == [
        f"event: {value['type']}" if "type" in value else "" for value in values
    ]
    return _joined([plain(value) for value in values])


def _joined(values: list[Any]) -> list[Any]:
    """Neighbours that carry text of one kind as one, and usage that is only estimated as nothing."""
    told: list[Any] = []
    for kind, together in groupby(values, _kind):
        same = list(together)
        told += [(kind, "".join(map(_text, same)))] if kind else same
    for value in told:
        if isinstance(value, dict) and "message" in value:
            value["message"].pop("usage")
            value["message"].pop("stop_reason", None)
    return [one for one in told if one not in (("content", ""), ("text_delta", ""))]


def _delta(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {}
    if value.get("type") == "content_block_delta":
        return value["delta"]
    choices = value.get("choices") or [{}]
    return {} if choices[0].get("finish_reason") else choices[0].get("delta", {})


def _kind(value: Any) -> str:
    delta = _delta(value)
    if "type" in delta:
        return delta["type"]
    if "tool_calls" in delta:
        return ""
    return next((key for key in ("reasoning", "content") if key in delta), "")


def _text(value: Any) -> str:
    delta = _delta(value)
    if "type" in delta:
        return "".join(text for key, text in delta.items() if key != "type")
    return delta.get("reasoning") or delta.get("content") or ""


def counted(values: list[Any]) -> list[Any]:
    """`values` with the number of tokens left out: the templates of the two servers differ in it."""
    return json.loads(
        re.sub(r'"((?:input|output|prompt|completion|total)_tokens)": \d+', r'"\1": 0', json.dumps(values))
    )


@pytest.mark.parametrize("name", [name for name in NAMES if name not in BETTER])
async def test_the_answer_has_the_form_of_the_recorded_one(project: Path, name: str):
    asked = recording(name)
    answer = await replayed(project, asked)
    assert answer.status_code == asked["status"]
    assert answer.headers["content-type"].partition(";")[0] == asked["content_type"].partition(";")[0]
    ours, theirs = counted(read(answer.text)), counted(read("\n".join(asked["body_lines"])))
    if name == "v1-models":
        assert [model in theirs[0]["data"] for model in ours[0]["data"]] == [True, True]
    else:
        assert ours == theirs


async def test_tokens_are_counted_where_that_server_has_no_route(project: Path):
    answer = await replayed(project, recording("messages-count-tokens"))
    assert answer.status_code == 200 and answer.json()["input_tokens"] > 0


@pytest.mark.parametrize("name", ["messages-error-midstream", "v1-chat-error-midstream"])
async def test_an_error_in_the_middle_is_told_where_that_server_swallows_it(project: Path, name: str):
    answer = await replayed(project, recording(name))
    *_, last = (block for block in answer.text.split("\n\n") if block)
    assert "could not read" in json.loads(last.rpartition("data: ")[2])["error"]["message"]
