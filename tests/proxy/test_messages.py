"""Anthropic's dialect, judged by its own client: whole, streamed, with pictures and thinking, refused, and broken."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import anthropic
import pytest

from ollama_code.frontends.proxy.anthropic_content import NOT_READ, opened
from tests.ollama_server import Fault, OllamaServer, Pace, Reply
from tests.proxy.client import TOKEN, Proxy, Wish, running, user

HELLO = {"model": "tiny", "max_tokens": 100, "messages": [user("Say hello.")]}
DOT = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}
THINKER = ("completion", "thinking", "tools")


async def events(proxy: Proxy, body: dict) -> list[tuple[str, dict]]:
    """The name and the data of each event of a streamed answer."""
    async with proxy.raw() as client:
        answer = await client.post("/v1/messages", json={**body, "stream": True})
    told = [event.split("\n") for event in answer.text.split("\n\n") if event]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in told]


async def streamed(client: anthropic.AsyncAnthropic, **body) -> anthropic.types.Message:
    """The answer as the client puts it together from the events."""
    async with client.messages.stream(**body) as stream:
        return await stream.get_final_message()


def sent(server: OllamaServer) -> list[dict]:
    """The messages of the last request."""
    return server.chats[-1].json()["messages"]


async def test_a_whole_answer(server: OllamaServer, project: Path):
    server.play(Reply(text="Hello.", prompt_tokens=10, eval_tokens=2))
    async with running(server.url, project) as proxy, proxy.anthropic() as client:
        answer = await client.messages.create(**HELLO)
    assert [block.text for block in answer.content] == ["Hello."]
    assert (answer.role, answer.stop_reason, answer.stop_sequence) == ("assistant", "end_turn", None)
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (10, 2)
    assert answer.id.startswith("msg_") and len(answer.id) == 28


async def test_a_streamed_answer(server: OllamaServer, project: Path):
    server.play(Reply(text="Hello there.", prompt_tokens=10, eval_tokens=3))
    async with running(server.url, project) as proxy, proxy.anthropic() as client:
        answer = await streamed(client, **HELLO)
    assert [block.text for block in answer.content] == ["Hello there."]
    assert (answer.stop_reason, answer.usage.output_tokens) == ("end_turn", 3)


async def test_a_cut_answer_says_max_tokens(server: OllamaServer, project: Path):
    server.play(Reply(text="One two three", done_reason="length"))
    async with running(server.url, project) as proxy, proxy.anthropic() as client:
        answer = await client.messages.create(**HELLO)
    assert answer.stop_reason == "max_tokens"
    assert server.chats[0].json()["options"]["num_predict"] == 100


async def test_the_clients_wishes_reach_the_engine(server: OllamaServer, project: Path):
    server.play(Reply(text="Hello."))
    wishes = {"temperature": 0.5, "top_p": 0.9, "top_k": 20, "stop_sequences": ["END"]}
    async with running(server.url, project) as proxy, proxy.raw() as client:
        await client.post("/v1/messages?beta=true", json={**HELLO, **wishes, "service_tier": "auto"})
    options = server.chats[0].json()["options"]
    assert {name: options[name] for name in ("temperature", "top_p", "top_k", "stop")} == {
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 20,
        "stop": ["END"],
    }


async def test_thinking_is_a_block_of_its_own_where_it_is_asked_for(server: OllamaServer, project: Path):
    server.add_model("thinker", capabilities=THINKER)
    server.play(Reply(thinking="Hm.", text="Yes."))
    wish = {"type": "enabled", "budget_tokens": 1024}
    async with running(server.url, project) as proxy, proxy.anthropic() as client:
        answer = await streamed(client, **{**HELLO, "model": "thinker", "thinking": wish})
    assert [block.type for block in answer.content] == ["thinking", "text"]
    assert (answer.content[0].thinking, answer.content[1].text) == ("Hm.", "Yes.")
    assert server.chats[0].json()["think"] is True


async def test_who_asks_for_no_thinking_reads_the_answer_first(server: OllamaServer, project: Path):
    server.add_model("thinker", capabilities=THINKER)
    server.play(Reply(thinking="Hm.", text="Yes."))
    async with running(server.url, project) as proxy, proxy.anthropic() as client:
        answer = await client.messages.create(**{**HELLO, "model": "thinker"})
    assert answer.content[0].text == "Yes." and len(answer.content) == 1
    assert server.chats[0].json()["think"] is False


@pytest.mark.parametrize("streaming", [True, False])
async def test_thinking_that_is_not_shown_comes_back_to_the_model(
    server: OllamaServer, project: Path, streaming: bool
):
    server.add_model("thinker", capabilities=THINKER)
    server.play(Reply(thinking="Hm.", text="Yes."), Reply(text="Sure."))
    wish = {"type": "adaptive", "display": "omitted"}
    asked = {"model": "thinker", "max_tokens": 100, "thinking": wish}
    async with running(server.url, project) as proxy, proxy.anthropic() as client:
        ask = partial(streamed, client) if streaming else client.messages.create
        first = await ask(**asked, messages=[user("Is it?")])
        thought, said = first.content
        content = [block.model_dump(exclude_none=True) for block in (thought, said)]
        messages = [user("Is it?"), {"role": "assistant", "content": content}, user("Sure?")]
        await client.messages.create(**asked, messages=messages)
    assert (thought.thinking, opened(thought.signature), said.text) == ("", "Hm.", "Yes.")
    assert sent(server)[1] == {"role": "assistant", "content": "Yes.", "thinking": "Hm."}


async def test_a_picture_reaches_a_model_that_sees(server: OllamaServer, project: Path):
    server.add_model("seer", capabilities=("completion", "vision"))
    server.play(Reply(text="A dot."))
    content = [{"type": "text", "text": "What is it?"}, DOT]
    async with running(server.url, project) as proxy, proxy.anthropic() as client:
        await client.messages.create(
            model="seer", max_tokens=9, messages=[{"role": "user", "content": content}]
        )
    assert sent(server) == [{"role": "user", "content": "What is it?", "images": ["aGk="]}]


async def test_a_picture_at_an_address_is_refused(server: OllamaServer, project: Path):
    picture = {"type": "image", "source": {"type": "url", "url": "http://169.254.169.254/"}}
    body = {**HELLO, "messages": [{"role": "user", "content": [picture]}]}
    async with running(server.url, project) as proxy, proxy.anthropic() as client:
        with pytest.raises(anthropic.BadRequestError, match="must come with the request"):
            await client.messages.create(**body)
    assert server.chats == []


async def test_what_is_new_or_for_anthropic_alone_is_passed_over(server: OllamaServer, project: Path):
    server.play(Reply(text="Hello."))
    billing = {"type": "text", "text": "x-anthropic-billing-header: cc_version=1; cc_entrypoint=cli;"}
    system = [billing, {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]
    content = [
        {"type": "text", "text": "Hello.", "cache_control": {"type": "ephemeral"}},
        {"type": "container_upload", "file_id": "x"},
        {"type": "search_result", "source": "http://x", "content": 5, "text": None},
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "aGk="}},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "A page."}},
    ]
    more = {"context_management": {"edits": []}, "metadata": {"user_id": "x"}, "safeguards": [1]}
    body = {**HELLO, **more, "system": system, "messages": [{"role": "user", "content": content}]}
    async with running(server.url, project) as proxy, proxy.raw() as client:
        answer = await client.post("/v1/messages", json=body)
    assert answer.status_code == 200
    assert [message["content"] for message in sent(server)] == [
        "Be brief.",
        f"Hello.\n\n{NOT_READ}\n\nA page.",
    ]


async def test_a_schema_binds_the_answer_and_keeps_our_tools_away(server: OllamaServer, project: Path):
    server.play(Reply(text="{}"))
    schema = {"type": "object", "properties": {}}
    body = {**HELLO, "output_config": {"format": {"type": "json_schema", "schema": schema}}}
    async with running(server.url, project) as proxy, proxy.raw() as client:
        await client.post("/v1/messages", json=body)
    assert server.chats[0].json()["format"] == schema
    assert "tools" not in server.chats[0].json()


async def test_tokens_are_counted_about_and_without_the_model(server: OllamaServer, project: Path):
    messages = [user("word " * 1000)]
    tool = {"name": "weather", "description": "x" * 4000, "input_schema": {"type": "object"}}
    async with running(server.url, project) as proxy, proxy.anthropic() as client:
        plain = await client.messages.count_tokens(model="tiny", messages=messages)
        tooled = await client.messages.count_tokens(model="tiny", messages=messages, tools=[tool])
    assert 1000 < plain.input_tokens < 4000
    assert server.chats == [] and tooled.input_tokens != plain.input_tokens


async def test_what_the_server_counted_makes_the_next_count_closer(server: OllamaServer, project: Path):
    body = {**HELLO, "messages": [user("word " * 2000)], "tool_choice": {"type": "none"}}
    server.play(Reply(text="Yes.", prompt_tokens=2500))
    async with running(server.url, project) as proxy, proxy.raw() as client:

        async def count() -> int:
            return (await client.post("/v1/messages/count_tokens", json=body)).json()["input_tokens"]

        before = await count()
        await client.post("/v1/messages", json=body)
        after = await count()
    assert abs(after - 2500) < abs(before - 2500)


async def test_models_in_this_dialect(server: OllamaServer, project: Path):
    server.add_model("someone/coder:7b")
    async with running(server.url, project) as proxy, proxy.anthropic() as keyed:
        client = keyed.with_options(auth_token=TOKEN)
        listed = [(model.id, model.type) async for model in client.models.list(limit=1)]
        found = await client.models.retrieve("someone/coder:7b")
        with pytest.raises(anthropic.NotFoundError):
            await client.models.retrieve("nope")
    assert listed == [("tiny:latest", "model"), ("someone/coder:7b", "model")]
    assert found.display_name == "someone/coder:7b" and found.created_at.year > 2000


@pytest.mark.parametrize("streaming", [True, False])
async def test_a_missing_model_is_404(server: OllamaServer, project: Path, streaming: bool):
    async with running(server.url, project) as proxy, proxy.anthropic() as client:
        with pytest.raises(anthropic.NotFoundError) as caught:
            await client.messages.create(**{**HELLO, "model": "opus-of-mine"}, stream=streaming)
    assert caught.value.body["error"]["type"] == "not_found_error"


@pytest.mark.parametrize("streaming", [True, False])
async def test_an_overflow_is_told_in_the_words_that_make_clients_compact(
    server: OllamaServer, project: Path, streaming: bool
):
    body = {**HELLO, "messages": [user("word " * 40_000)], "stream": streaming}
    async with running(server.url, project) as proxy, proxy.anthropic() as client:
        with pytest.raises(anthropic.BadRequestError) as caught:
            await client.messages.create(**body)
    said = caught.value.body["error"]
    assert said["type"] == "invalid_request_error"
    words = said["message"].split()
    assert words[:4] == "prompt is too long:".split() and words[5:7] == ["tokens", ">"]
    assert words[-1] == "maximum" and int(words[4]) > int(words[7])


@pytest.mark.parametrize("streaming", [True, False])
async def test_a_full_queue_is_529(server: OllamaServer, project: Path, streaming: bool):
    server.play(Fault.busy())
    async with running(server.url, project) as proxy, proxy.anthropic() as client:
        with pytest.raises(anthropic.APIStatusError) as caught:
            await client.messages.create(**HELLO, stream=streaming)
    assert (caught.value.status_code, caught.value.body["error"]["type"]) == (529, "overloaded_error")
    assert caught.value.response.headers["retry-after"] == "1"


async def test_an_engine_that_dies_in_the_middle_is_an_error_event(server: OllamaServer, project: Path):
    server.play(Fault.engine_dies(after="I will"))
    async with running(server.url, project) as proxy:
        told = await events(proxy, HELLO)
    name, data = told[-1]
    assert (name, data["type"], data["error"]["type"]) == ("error", "error", "api_error")
    assert [name for name, _ in told].count("content_block_delta") >= 1


async def test_the_sdk_raises_for_an_error_in_the_middle(server: OllamaServer, project: Path):
    server.play(Fault.cut(after="I will"))
    async with running(server.url, project) as proxy, proxy.anthropic() as client:
        stream = await client.messages.create(**HELLO, stream=True)
        with pytest.raises(anthropic.APIStatusError):
            async for _ in stream:
                pass


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"max_tokens": None}, "max_tokens"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages.0.content"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "robot"),
        ({"temperature": "hot"}, "temperature"),
    ],
)
async def test_what_cannot_be_kept_is_refused_by_name(
    server: OllamaServer, project: Path, change: dict, named: str
):
    async with running(server.url, project) as proxy, proxy.raw() as client:
        answer = await client.post("/v1/messages", json={**HELLO, **change})
    assert answer.status_code == 400 and named in answer.json()["error"]["message"]
    assert answer.headers["x-should-retry"] == "false"


async def test_a_long_silence_is_filled_with_pings(server: OllamaServer, project: Path):
    gate = server.gate()
    server.play(Reply(text="Done.", pace=Pace(hold=gate)))
    async with running(server.url, project, Wish(keepalive_s=0.05)) as proxy, proxy.raw() as client:
        body = {**HELLO, "stream": True}
        async with client.stream("POST", "/v1/messages", json=body) as answer:
            lines = answer.aiter_lines()
            names = []
            async for line in lines:
                names += [line.removeprefix("event: ")] if line.startswith("event: ") else []
                if names.count("ping") == 2:
                    gate.open()
    assert names[:3] == ["message_start", "ping", "ping"] and names[-1] == "message_stop"


async def test_a_doubled_prefix_is_taken_for_one(server: OllamaServer, project: Path):
    server.play(Reply(text="Hello."))
    async with running(server.url, project) as proxy, proxy.anthropic("/v1") as client:
        answer = await client.messages.create(**HELLO)
    assert answer.content[0].text == "Hello."


@pytest.mark.parametrize("streaming", [True, False])
async def test_a_search_of_the_web_fails_instead_of_being_made_up(
    server: OllamaServer, project: Path, streaming: bool
):
    tool = {"type": "web_search_20250305", "name": "web_search", "max_uses": 8}
    async with running(server.url, project) as proxy, proxy.anthropic() as client:
        ask = partial(streamed, client) if streaming else client.messages.create
        answer = await ask(**HELLO, tools=[tool])
    use, result, _ = answer.content
    assert (use.type, result.content.error_code) == ("server_tool_use", "unavailable")
    assert result.tool_use_id == use.id and server.chats == []
