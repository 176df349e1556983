"""The oracle: our server answers what a real Ollama answered, recorded in `tests/data/ollama-wire`.

Only this test reads the recordings. Their `model_text` is what the real server's engine was told to write; the table
`_BEFORE` says what else had happened to that server before the recorded request.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from tests.ollama_server import Fault, Model, OllamaServer, Pace, Pull, Reply
from tests.wire.script import Item
from tests.wire.syntax import tokens

RECORDINGS = Path(__file__).parents[1] / "data" / "ollama-wire"
NAMES = sorted(path.stem for path in RECORDINGS.glob("*.json"))
Recording = dict[str, Any]
Before = Callable[[OllamaServer, Recording], AbstractContextManager[None]]

LAB_DETAILS = {"parameter_size": "2", "quantization_level": "F32"}
HELLO = [{"role": "user", "content": "hi"}]


def test_every_native_recording_is_here() -> None:
    assert len(NAMES) == 75


@pytest.mark.parametrize("name", NAMES)
def test_answers_as_the_real_server_did(name: str) -> None:
    recording = _recording(name)
    with OllamaServer(models=_lab_models(), max_queue=0 if name == "chat-queue-full" else 512) as server:
        with _BEFORE.get(name, _play)(server, recording):
            loads_before = server.loads
            answer = _replay(server, recording)
        assert answer.status_code == recording["status"]
        assert answer.headers.get("content-type") == recording["content_type"]
        body_lines = [_normalised(line) for line in recording["body_lines"]]
        assert [_normalised(line) for line in answer.text.split("\n")] == body_lines
        assert server.loads - loads_before == recording.get("engine_launches", server.loads - loads_before)


def _normalised(line: str) -> str:
    """A line without what differs between two runs of one real server, and without what is only true of its disk.

    Times, durations and call ids are random in life. Digests and sizes are those of the lab's toy files, whose
    quantization the real server cannot name in `/api/show` and `/api/ps`. Go and Python spell 1e-5 differently.
    Everything else, the order of the keys and the escapes included, must be equal.
    """
    rules = (
        (r'"(created_at|modified_at|expires_at)":"[^"]*"', r'"\1":"TIME"'),
        (r'"(\w+_duration)":\d+', r'"\1":1'),
        (r'"id":"call_[a-z0-9]{8}"', '"id":"CALL"'),
        (r"[0-9a-f]{64}", "DIGEST"),
        (r'"(size|size_vram)":\d+', r'"\1":1'),
        (r'"quantization_level":"(unknown|F32)"', '"quantization_level":"F32"'),
        (r"\b1e-05\b", "0.00001"),
    )
    for pattern, replacement in rules:
        line = re.sub(pattern, replacement, line)
    return line


@cache
def _recording(name: str) -> Recording:
    recording: Recording = json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))
    return recording


def _replay(server: OllamaServer, recording: Recording) -> httpx.Response:
    request = recording["request"]
    body = request.get("raw_body") or ("" if request["body"] is None else json.dumps(request["body"]))
    headers = {"Host": "evil.example"} if recording["name"] == "host-header-foreign" else {}
    return httpx.request(request["method"], server.url + request["path"], content=body, headers=headers)


def _lab_models() -> list[Model]:
    """The models of the recorded server, in its order."""
    preamble, instructions = _template_prose()
    thinks = ("completion", "tools", "thinking")
    calls = ("completion", "tools")
    capabilities = {
        "plain": ("completion",),
        **dict.fromkeys(("lfm2", "cohere", "laguna"), thinks),
        "functiongemma": calls,
        **dict.fromkeys(("nemotron", "deepseek", "cogito", "glm"), thinks),
        **dict.fromkeys(("olmo", "qwen3-coder"), calls),
        **dict.fromkeys(("qwen3.5", "gemma4"), thinks),
    }
    models = {
        name: Model(
            f"{name}:lab",
            capabilities=able,
            details=LAB_DETAILS,
            tool_preamble=preamble,
            tool_instructions=instructions,
        )
        for name, able in capabilities.items()
    }
    models["glm"] = replace(models["glm"], fits_num_ctx=1024)
    return list(models.values())


def _template_prose() -> tuple[str, str]:
    """The English of the models' own template: it belongs to the model, like its weights, not to the server."""
    line = json.loads(_recording("chat-render-only")["body_lines"][0])
    template = line["_debug_info"]["rendered_template"]
    preamble = template.split("system\n", 1)[1].split("\n\n# Tools", 1)[0]
    instructions = template.split("</tools>", 1)[1].split("<|im_end|>", 1)[0]
    return preamble, instructions


def _item(recording: Recording) -> Item | None:
    """The script item for what the engine of the recording was told to do."""
    wrote = recording.get("model_text")
    match wrote:
        case None:
            return None
        case {"status": status, "error": error}:
            return Fault.engine_error(status, error)
        case {"pieces": pieces}:
            return Reply(pieces=tuple(pieces))
        case {"text": text, "die_after": count}:
            return Fault.engine_dies(Reply(pieces=tuple(tokens(text)[:count])))
        case {"text": text, "error_after": count}:
            return Fault.cut(Reply(pieces=tuple(tokens(text)[:count])))
        case {"text": text}:
            return Reply(raw=text)
        case _:
            raise AssertionError(f"unknown model_text: {wrote}")


@contextmanager
def _play(server: OllamaServer, recording: Recording) -> Iterator[None]:
    if (item := _item(recording)) is not None:
        server.play(item)
    yield


@contextmanager
def _image_count(server: OllamaServer, recording: Recording) -> Iterator[None]:
    # The scripted engine of the recording counted the wrapping of the image as words of the prompt.
    server.play(Reply(raw="x", prompt_tokens=39))
    yield


@contextmanager
def _loaded_at_default(server: OllamaServer, recording: Recording) -> Iterator[None]:
    _chat(server, Reply("ok"))
    with _play(server, recording):
        yield


@contextmanager
def _loaded_at_8192(server: OllamaServer, recording: Recording) -> Iterator[None]:
    _chat(server, Reply("ok"), options={"num_ctx": 8192})
    with _play(server, recording):
        yield


@contextmanager
def _engine_died(server: OllamaServer, recording: Recording) -> Iterator[None]:
    _chat(server, Fault.engine_dies("fine"), options={"num_ctx": 8192})
    with _play(server, recording):
        yield


@contextmanager
def _queue_full(server: OllamaServer, recording: Recording) -> Iterator[None]:
    gate = server.gate()
    first = Thread(target=_chat, args=(server, Reply("ok", pace=Pace(hold=gate))))
    first.start()
    gate.wait_reached()
    server.play(Reply("never asked for"))
    yield
    gate.open()
    first.join()


@contextmanager
def _registry_down(server: OllamaServer, recording: Recording) -> Iterator[None]:
    name = recording["request"]["body"]["model"]
    server.set_pull(name, Pull.unreachable(name))
    yield


def _chat(server: OllamaServer, item: Item, options: dict[str, object] | None = None) -> None:
    server.play(item)
    body = {"model": "qwen3-coder:lab", "messages": HELLO, "options": options or {}}
    httpx.post(f"{server.url}/api/chat", json=body)


_BEFORE: dict[str, Before] = {
    "chat-after-engine-died": _engine_died,
    "chat-image-no-vision": _image_count,
    "chat-other-num-ctx-reloads": _loaded_at_default,
    "chat-shift-false-reloads": _loaded_at_8192,
    "chat-queue-full": _queue_full,
    "ps-default": _loaded_at_default,
    "ps-loaded": _loaded_at_default,
    "pull-unreachable": _registry_down,
    "pull-unreachable-nonstream": _registry_down,
}
