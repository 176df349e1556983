"""A client that brings tools gets the calls, however the model wrote them; nothing of it runs here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.ollama_server import Call, Fault, Model, OllamaServer, Reply
from tests.proxy.client import Proxy, running, user

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city"],
    "additionalProperties": False,
}
WEATHER = {"name": "weather", "description": "The weather.", "input_schema": SCHEMA}
CHAT_WEATHER = {
    "type": "function",
    "function": {"name": "weather", "description": "The weather.", "parameters": SCHEMA},
}
ASK = {"model": "tiny", "max_tokens": 500, "messages": [user("Oslo?")], "tools": [WEATHER]}
CHAT = {"model": "tiny", "messages": [user("Oslo?")], "tools": [CHAT_WEATHER]}
BARE = "<function=weather>\n<parameter=city>\nOslo\n</parameter>\n</function>"
CUT = "<tool_call>\n<function=weather>\n<parameter=city>\nOsl"
BROKEN = "<tool_call>\n<function=weather>\n<parameter=city\n</function>\n</tool_call>"


async def messages(server: OllamaServer, project: Path, **more):
    """The whole answer in Anthropic's dialect, as its client puts it together from a stream."""
    async with (
        running(server.url, project) as proxy,
        proxy.anthropic() as client,
        client.messages.stream(**{**ASK, **more}) as stream,
    ):
        return await stream.get_final_message()


async def chat(proxy: Proxy, **more) -> tuple[str, list, str]:
    """Text, calls and finish reason of a streamed answer in OpenAI's dialect."""
    async with proxy.openai() as client:
        stream = await client.chat.completions.create(**{**CHAT, **more}, stream=True)
        choices = [chunk.choices[0] async for chunk in stream]
    calls = [call for choice in choices for call in choice.delta.tool_calls or ()]
    text = "".join(choice.delta.content or "" for choice in choices)
    return text, calls, choices[-1].finish_reason


def shown(answer) -> list:
    """The blocks as (kind, what is in it)."""
    return [(block.type, block.input if block.type == "tool_use" else block.text) for block in answer.content]


async def test_a_call_is_a_block_and_a_stop_reason(server: OllamaServer, project: Path):
    server.play(Reply(text="I will look.", calls=(Call("weather", {"city": "Oslo"}, id="call_a"),)))
    answer = await messages(server, project)
    assert shown(answer) == [("text", "I will look."), ("tool_use", {"city": "Oslo"})]
    assert (answer.content[1].id, answer.content[1].name) == ("call_a", "weather")
    assert answer.stop_reason == "tool_use" and len(server.chats) == 1


async def test_two_calls_are_two_blocks_with_their_own_ids(server: OllamaServer, project: Path):
    server.play(Reply(calls=(Call("weather", {"city": "Oslo"}), Call("weather", {"city": "Rom"}))))
    answer = await messages(server, project)
    assert shown(answer) == [("tool_use", {"city": "Oslo"}), ("tool_use", {"city": "Rom"})]
    assert len({block.id for block in answer.content}) == 2


async def test_results_go_back_to_the_model_before_the_words_beside_them(server: OllamaServer, project: Path):
    server.play(Reply(text="Rain."))
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}
    calls = [
        {"type": "tool_use", "id": id, "name": "weather", "input": {"city": city}}
        for id, city in (("a", "Oslo"), ("b", "Rom"))
    ]
    results = [
        {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}},
        {"type": "tool_result", "tool_use_id": "b", "content": "no such city", "is_error": True},
        {"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text", "text": "rain"}, picture]},
    ]
    talk = [user("Go."), {"role": "assistant", "content": calls}, {"role": "user", "content": results}]
    server.add_model("seer", capabilities=("completion", "tools", "vision"))
    await messages(server, project, model="seer", messages=talk)
    sent = server.chats[0].json()["messages"]
    assert sent[2] == {
        "role": "tool",
        "tool_name": "weather",
        "tool_call_id": "a",
        "content": "rain",
        "images": ["aGk="],
    }
    assert [message["content"] for message in sent[3:]] == ["Error: no such city", "Be brief."]


@pytest.mark.parametrize("text", [BARE, f"I will look.\n\n{BARE}"])
async def test_a_bare_call_reaches_a_client_of_anthropics_dialect(
    server: OllamaServer, project: Path, text: str
):
    server.play(Reply(text=text))
    answer = await messages(server, project)
    assert shown(answer)[-1] == ("tool_use", {"city": "Oslo"})
    assert [said for kind, said in shown(answer) if kind == "text"] == text.splitlines()[:1] * (text != BARE)
    assert answer.stop_reason == "tool_use"


async def test_a_bare_call_reaches_a_client_of_openais_dialect(server: OllamaServer, project: Path):
    server.play(Reply(text=f"I will look.\n{BARE}"))
    async with running(server.url, project) as proxy:
        text, calls, reason = await chat(proxy)
    assert (text, reason) == ("I will look.", "tool_calls")
    assert [(call.function.name, json.loads(call.function.arguments)) for call in calls] == [
        ("weather", {"city": "Oslo"})
    ]


async def test_a_call_that_the_server_swallowed_comes_out_of_the_raw_tokens(project: Path):
    with OllamaServer(models=[Model("tiny", parser="qwen3-coder")]) as server:
        server.play(Reply(raw=f"<tool_call>\n{BARE}"))
        answer = await messages(server, project)
    assert shown(answer) == [("tool_use", {"city": "Oslo"})]
    assert len(server.chats) == 1 and server.chats[0].json()["logprobs"] is True


@pytest.mark.parametrize("wrote", [CUT, BROKEN, ""])
async def test_a_call_that_cannot_be_read_is_asked_for_again(project: Path, wrote: str):
    with OllamaServer(models=[Model("tiny", parser="qwen3-coder")]) as server:
        server.play(Reply(raw=wrote), Reply(calls=(Call("weather", {"city": "Oslo"}),)))
        answer = await messages(server, project)
    assert shown(answer) == [("tool_use", {"city": "Oslo"})]
    assert server.chats[1].json()["messages"][-1]["role"] == "user"


async def test_a_server_that_never_can_read_the_call_is_an_error(project: Path):
    with OllamaServer(models=[Model("tiny", parser="qwen3-coder")]) as server:
        server.play(*[Reply(raw=f"I will look.\n{BROKEN}")] * 3)
        async with running(server.url, project) as proxy, proxy.raw() as client:
            answer = await client.post("/v1/messages", json={**ASK, "stream": True})
    assert answer.text.rstrip().split("\n\n")[-1].startswith("event: error\n")


async def test_a_call_cut_at_the_clients_own_limit_is_not_handed_on(server: OllamaServer, project: Path):
    server.play(Reply(raw=CUT, done_reason="length"))
    answer = await messages(server, project)
    assert (shown(answer), answer.stop_reason) == ([], "max_tokens")


async def test_what_the_client_can_refuse_itself_is_handed_on(server: OllamaServer, project: Path):
    calls = (Call("whether", {"city": "Oslo"}), Call("weather", {"town": "Oslo"}))
    server.play(Reply(calls=calls))
    answer = await messages(server, project)
    assert [block.name for block in answer.content] == ["whether", "weather"]
    assert len(server.chats) == 1


async def test_a_name_and_a_number_are_mended_as_the_client_spells_them(server: OllamaServer, project: Path):
    server.play(Reply(calls=(Call("Weather", {"City": "Oslo", "days": "3"}),)))
    answer = await messages(server, project)
    assert (answer.content[0].name, answer.content[0].input) == ("weather", {"city": "Oslo", "days": 3})


async def test_arguments_that_a_schema_does_not_name_are_kept_where_it_allows_them(
    server: OllamaServer, project: Path
):
    server.play(Reply(calls=(Call("note", {"title": "x", "more": {"a": 1}}),)))
    schema = {"type": "object", "properties": {"more": {"type": "object"}}}
    answer = await messages(server, project, tools=[{"name": "note", "input_schema": schema}])
    assert answer.content[0].input == {"title": "x", "more": {"a": 1}}


async def test_an_example_of_a_call_is_text(server: OllamaServer, project: Path):
    text = f"You would write it like this:\n\n```\n{BARE}\n```\n\nThen the weather comes."
    server.play(Reply(text=text))
    async with running(server.url, project) as proxy:
        assert await chat(proxy) == (text, [], "stop")


async def test_one_call_at_a_time_is_one(server: OllamaServer, project: Path):
    calls = (Call("weather", {"city": "Oslo"}), Call("weather", {"city": "Rom"}))
    server.play(Reply(calls=calls), Reply(calls=calls))
    choice = {"type": "auto", "disable_parallel_tool_use": True}
    answer = await messages(server, project, tool_choice=choice)
    async with running(server.url, project) as proxy:
        _, given, _ = await chat(proxy, parallel_tool_calls=False)
    assert len(answer.content) == 1 and len(given) == 1


@pytest.mark.parametrize("choice", [{"type": "any"}, {"type": "tool", "name": "weather"}])
async def test_a_call_that_must_come_is_bound_by_its_schema(
    server: OllamaServer, project: Path, choice: dict
):
    forced = json.dumps({"name": "weather", "arguments": {"city": "Oslo"}})
    server.play(Reply(text="Which city?"), Reply(text=forced))
    answer = await messages(server, project, tool_choice=choice)
    assert shown(answer) == [("tool_use", {"city": "Oslo"})]
    (branch,) = server.chats[1].json()["format"]["anyOf"]
    assert branch["properties"]["name"] == {"const": "weather"}


async def test_a_call_that_must_come_and_does_is_taken(server: OllamaServer, project: Path):
    server.play(Reply(calls=(Call("weather", {"city": "Oslo"}),)))
    async with running(server.url, project) as proxy:
        _, calls, reason = await chat(proxy, tool_choice="required")
    assert len(calls) == 1 and reason == "tool_calls" and len(server.chats) == 1


async def test_a_named_tool_is_offered_alone_and_none_offers_none(server: OllamaServer, project: Path):
    other = {**WEATHER, "name": "other"}
    server.play(Reply(calls=(Call("weather", {"city": "Oslo"}),)), Reply(text="No."))
    await messages(server, project, tools=[other, WEATHER], tool_choice={"type": "tool", "name": "weather"})
    await messages(server, project, tool_choice={"type": "none"})
    offered = [body.json().get("tools", []) for body in server.chats]
    assert [[tool["function"]["name"] for tool in tools] for tools in offered] == [["weather"], []]


async def test_tools_that_are_not_there_yet_are_not_offered(server: OllamaServer, project: Path):
    server.play(Reply(text="Hm."))
    later = {"name": "DeferredToolPlaceholder", "input_schema": {"type": "object"}, "defer_loading": True}
    theirs = {"type": "bash_20250124", "name": "bash"}
    await messages(server, project, tools=[later, theirs, WEATHER])
    (tool,) = server.chats[0].json()["tools"]
    assert tool["function"]["name"] == "weather"


async def test_a_server_without_raw_tokens_is_asked_without_them_from_then_on(
    server: OllamaServer, project: Path
):
    refused = Fault.status(400, "logprobs are not supported")
    server.play(refused, Reply(text="Rain."), Reply(text="Sun."))
    async with running(server.url, project) as proxy:
        first, second = await chat(proxy), await chat(proxy)
    assert (first[0], second[0]) == ("Rain.", "Sun.")
    assert ["logprobs" in body.json() for body in server.chats] == [True, False, False]


async def test_a_model_without_tools_is_bound_to_call_by_a_schema(server: OllamaServer, project: Path):
    server.add_model("plain", capabilities=("completion",))
    wrote = {"name": "weather", "arguments": {"city": "Oslo"}}
    server.play(Reply(text=json.dumps(wrote)), Reply(text='{"answer": "Rain."}'))
    answer = await messages(server, project, model="plain")
    assert shown(answer) == [("tool_use", {"city": "Oslo"})] and answer.stop_reason == "tool_use"
    use = {"type": "tool_use", "id": "a", "name": "weather", "input": {"city": "Oslo"}}
    result = {"type": "tool_result", "tool_use_id": "a", "content": "rain"}
    talk = [user("Oslo?"), {"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}]
    told = await messages(server, project, model="plain", messages=talk)
    assert shown(told) == [("text", "Rain.")] and told.stop_reason == "end_turn"
    system, _, called, came = server.chats[1].json()["messages"]
    assert "weather(city, days?: integer): The weather." in system["content"]
    assert (json.loads(called["content"]), came["content"]) == (wrote, "Result of weather:\nrain")
