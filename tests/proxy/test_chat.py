"""Answers without tools, judged by OpenAI's own client: whole, streamed, refused, and broken in the middle."""

from __future__ import annotations

import json
from pathlib import Path

import openai
import pytest

from tests.ollama_server import Fault, OllamaServer, Reply
from tests.proxy.client import Wish, running, user

HELLO = [user("Say hello.")]


async def events(proxy, body: dict) -> list[str]:
    """The data of each event of a streamed answer."""
    async with proxy.raw() as client:
        answer = await client.post("/v1/chat/completions", json={**body, "stream": True})
    return [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line]


async def test_a_whole_answer(server: OllamaServer, project: Path):
    server.play(Reply(text="Hello.", prompt_tokens=10, eval_tokens=2))
    async with running(server.url, project) as proxy, proxy.openai() as client:
        answer = await client.chat.completions.create(model="tiny", messages=HELLO)
    assert answer.choices[0].message.content == "Hello."
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.model_dump(include={"prompt_tokens", "completion_tokens", "total_tokens"}) == {
        "prompt_tokens": 10,
        "completion_tokens": 2,
        "total_tokens": 12,
    }


async def test_a_streamed_answer_has_the_events_of_the_dialect(server: OllamaServer, project: Path):
    server.play(Reply(text="Hello there.", prompt_tokens=10, eval_tokens=3))
    body = {"model": "tiny", "messages": HELLO, "stream_options": {"include_usage": True}}
    async with running(server.url, project) as proxy:
        *data, last = await events(proxy, body)
    chunks = [json.loads(line) for line in data]
    assert last == "[DONE]"
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert "".join(c["choices"][0]["delta"]["content"] for c in chunks[:-2]) == "Hello there."
    assert chunks[-2]["choices"] == [{"index": 0, "delta": {}, "finish_reason": "stop"}]
    assert chunks[-1]["choices"] == [] and chunks[-1]["usage"]["total_tokens"] == 13
    assert len({(c["id"], c["created"], c["object"]) for c in chunks}) == 1


async def test_usage_comes_only_when_asked_for(server: OllamaServer, project: Path):
    server.play(Reply(text="Hello."))
    async with running(server.url, project) as proxy:
        data = await events(proxy, {"model": "tiny", "messages": HELLO})
    assert not any("usage" in json.loads(line) for line in data[:-1])


async def test_thinking_is_reasoning(server: OllamaServer, project: Path):
    server.add_model("thinker", capabilities=("completion", "thinking"))
    server.play(Reply(thinking="Hm.", text="Yes."))
    async with running(server.url, project) as proxy, proxy.openai() as client:
        answer = await client.chat.completions.create(model="thinker", messages=HELLO)
    message = answer.choices[0].message
    assert (message.content, message.reasoning) == ("Yes.", "Hm.")


async def test_a_cut_answer_says_length(server: OllamaServer, project: Path):
    server.play(Reply(text="One two three", done_reason="length"))
    async with running(server.url, project) as proxy, proxy.openai() as client:
        answer = await client.chat.completions.create(model="tiny", messages=HELLO, max_tokens=1)
    assert answer.choices[0].finish_reason == "length"


async def test_the_request_keeps_our_rules_and_the_clients_wishes(server: OllamaServer, project: Path):
    server.play(Reply(text="Hello."), Reply(text="Hello."))
    wishes = {"temperature": 0.5, "seed": 7, "stop": ["END"], "max_tokens": 40}
    async with running(server.url, project) as proxy, proxy.openai() as client:
        await client.chat.completions.create(model="tiny", messages=HELLO, **wishes)
        await client.chat.completions.create(model="tiny", messages=HELLO)
    first, second = (recorded.json() for recorded in server.chats)
    assert first["truncate"] is False and first["think"] is False and first["keep_alive"] == "30m"
    assert first["options"] | {"num_ctx": 0} == {
        "num_ctx": 0,
        "num_predict": 40,
        "temperature": 0.5,
        "seed": 7,
        "stop": ["END"],
    }
    assert second["options"]["num_ctx"] == first["options"]["num_ctx"]
    assert set(second["options"]) == {"num_ctx", "num_predict"}


async def test_a_client_that_asks_for_no_thinking_gets_none(server: OllamaServer, project: Path):
    server.add_model("thinker", capabilities=("completion", "thinking"))
    server.play(Reply(text="Yes."))
    async with running(server.url, project) as proxy, proxy.openai() as client:
        await client.chat.completions.create(model="thinker", messages=HELLO, reasoning_effort="none")
    assert server.chats[0].json()["think"] is False


async def test_a_later_system_message_joins_the_next_turn(server: OllamaServer, project: Path):
    server.play(Reply(text="Yes."))
    messages = [
        {"role": "developer", "content": "Be brief."},
        user("One."),
        {"role": "assistant", "content": "1"},
        {"role": "system", "content": "It is late."},
        user("Two."),
    ]
    async with running(server.url, project) as proxy, proxy.openai() as client:
        await client.chat.completions.create(model="tiny", messages=messages)
    sent = [(message["role"], message["content"]) for message in server.chats[0].json()["messages"]]
    assert sent == [
        ("system", "Be brief."),
        ("user", "One."),
        ("assistant", "1"),
        ("user", "It is late.\n\nTwo."),
    ]


async def test_a_chat_without_system_keeps_that_of_the_model(server: OllamaServer, project: Path):
    server.play(Reply(text="Yes."))
    async with running(server.url, project) as proxy, proxy.openai() as client:
        await client.chat.completions.create(model="tiny", messages=HELLO)
    assert [message["role"] for message in server.chats[0].json()["messages"]] == ["user"]


async def test_a_picture_reaches_a_model_that_sees(server: OllamaServer, project: Path):
    server.add_model("seer", capabilities=("completion", "vision"))
    server.play(Reply(text="A dot."))
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}
    content = [{"type": "text", "text": "What is it?"}, picture]
    async with running(server.url, project) as proxy, proxy.openai() as client:
        await client.chat.completions.create(model="seer", messages=[{"role": "user", "content": content}])
    assert server.chats[0].json()["messages"] == [
        {"role": "user", "content": "What is it?", "images": ["aGk="]}
    ]


async def test_a_schema_binds_the_answer_and_keeps_our_tools_away(server: OllamaServer, project: Path):
    server.play(Reply(text="{}"))
    schema = {"type": "object", "properties": {}}
    wish = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    async with running(server.url, project) as proxy, proxy.openai() as client:
        await client.chat.completions.create(model="tiny", messages=HELLO, response_format=wish)
    assert server.chats[0].json()["format"] == schema
    assert "tools" not in server.chats[0].json()


async def test_a_missing_model_is_404_also_for_a_stream(server: OllamaServer, project: Path):
    async with running(server.url, project) as proxy, proxy.openai() as client:
        with pytest.raises(openai.NotFoundError) as caught:
            await client.chat.completions.create(model="nope", messages=HELLO, stream=True)
    assert (caught.value.code, caught.value.type) == ("model_not_found", "not_found_error")


async def test_no_ollama_is_503_with_a_sentence_that_helps(project: Path):
    async with running("http://127.0.0.1:1", project) as proxy, proxy.openai() as client:
        with pytest.raises(openai.InternalServerError, match="ollama serve") as caught:
            await client.chat.completions.create(model="tiny", messages=HELLO)
    assert caught.value.status_code == 503


async def test_a_full_queue_is_429(server: OllamaServer, project: Path):
    server.play(Fault.busy())
    async with running(server.url, project) as proxy, proxy.openai() as client:
        with pytest.raises(openai.RateLimitError):
            await client.chat.completions.create(model="tiny", messages=HELLO)


async def test_an_overflow_is_told_in_the_words_clients_know(server: OllamaServer, project: Path):
    async with running(server.url, project) as proxy, proxy.openai() as client:
        with pytest.raises(openai.BadRequestError, match="maximum context length") as caught:
            await client.chat.completions.create(model="tiny", messages=[user("word " * 40_000)])
    assert caught.value.code == "context_length_exceeded"


async def test_an_engine_that_dies_in_the_middle_is_an_error_event(server: OllamaServer, project: Path):
    server.play(Fault.engine_dies(after="I will"))
    async with running(server.url, project) as proxy:
        data = await events(proxy, {"model": "tiny", "messages": HELLO})
    said = [json.loads(line)["choices"][0]["delta"].get("content", "") for line in data[:-1]]
    assert "".join(said) == "I will"
    assert set(json.loads(data[-1])["error"]) == {"message", "type", "param", "code"}


async def test_the_sdk_raises_for_an_error_in_the_middle(server: OllamaServer, project: Path):
    server.play(Fault.cut(after="I will"))
    async with running(server.url, project) as proxy, proxy.openai() as client:
        stream = await client.chat.completions.create(model="tiny", messages=HELLO, stream=True)
        with pytest.raises(openai.APIError):
            async for _ in stream:
                pass


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("{", "JSON"),
        ('{"model": "tiny", "messages": []}', "messages"),
        ('{"messages": [{"role": "user", "content": 5}]}', "messages.0.content"),
        ('{"messages": [{"role": "robot", "content": "x"}]}', "robot"),
        ('{"messages": [{"role": "user", "content": "x"}], "temperature": false}', "temperature"),
        ('{"messages": [{"role": "user", "content": "x"}], "temperature": NaN}', "temperature"),
        ('{"messages": [{"role": "user", "content": "x"}], "n": 2}', "n:"),
        (
            '{"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://x/y"}}]}]}',
            "data: address",
        ),
    ],
)
async def test_what_cannot_be_kept_is_refused_by_name(
    server: OllamaServer, project: Path, body: str, named: str
):
    async with running(server.url, project) as proxy, proxy.raw() as client:
        headers = {"content-type": "application/json"}
        answer = await client.post("/v1/chat/completions", content=body, headers=headers)
    assert answer.status_code == 400
    assert named in answer.json()["error"]["message"]
    assert answer.headers["x-should-retry"] == "false"


@pytest.mark.parametrize("arguments", ['{"path": ', "[" * 2_000, "5"])
async def test_a_call_that_was_written_badly_goes_back_to_the_model_as_it_was(
    server: OllamaServer, project: Path, arguments: str
):
    call = {"id": "call_a", "type": "function", "function": {"name": "read", "arguments": arguments}}
    messages = [user("Go."), {"role": "assistant", "tool_calls": [call]}, user("Again.")]
    server.play(Reply(text="Sorry."))
    async with running(server.url, project) as proxy, proxy.openai() as client:
        await client.chat.completions.create(model="tiny", messages=messages)
    _, answered, _ = server.chats[0].json()["messages"]
    sent = answered["tool_calls"][0]["function"]["arguments"]
    assert str(sent["arguments"]) == arguments


async def test_a_request_without_a_model_takes_the_default(server: OllamaServer, project: Path):
    server.add_model("other")
    server.play(Reply(text="Hello."))
    async with running(server.url, project, Wish(model="other")) as proxy, proxy.raw() as client:
        answer = await client.post("/v1/chat/completions", json={"messages": HELLO})
    assert answer.json()["model"] == "other:latest"


async def test_models_are_listed_and_found(server: OllamaServer, project: Path):
    server.add_model("someone/coder:7b")
    async with running(server.url, project) as proxy, proxy.openai() as client:
        listed = [(model.id, model.owned_by) async for model in client.models.list()]
        found = await client.models.retrieve("someone/coder:7b")
        with pytest.raises(openai.NotFoundError):
            await client.models.retrieve("nope")
    assert listed == [("tiny:latest", "library"), ("someone/coder:7b", "someone")]
    assert found.id == "someone/coder:7b" and found.created > 0


async def test_half_a_character_does_not_end_a_conversation(server: OllamaServer, project: Path):
    server.play(Reply(text="Hello."))
    body = rb'{"model": "tiny", "messages": [{"role": "user", "content": "cut \ud83d"}]}'
    async with running(server.url, project) as proxy, proxy.raw() as client:
        answer = await client.post(
            "/v1/chat/completions", content=body, headers={"content-type": "application/json"}
        )
    assert answer.status_code == 200
    assert server.chats[0].json()["messages"][0]["content"] == "cut \N{REPLACEMENT CHARACTER}"
