"""Our tools beside a client's own, where the policy or the client wishes so."""

from __future__ import annotations

from pathlib import Path

import pytest

from ollama_code.core.messages import AssistantMessage, ToolCall, ToolMessage, UserMessage
from ollama_code.frontends.proxy.mixed import Unseen, beside, names_of
from ollama_code.tools.seven import wire_tools
from tests.ollama_server import Call, OllamaServer, Reply
from tests.proxy.client import Wish, running, user
from tests.proxy.test_tools import WEATHER, offered, results

ALWAYS = Wish(tools="always")
OSLO = Call("weather", {"city": "Oslo"})
READ = Call("read_file", {"file_path": "README.md"})


def named(name: str) -> dict:
    return {**WEATHER, "function": {**WEATHER["function"], "name": name}}


async def asked(server: OllamaServer, project: Path, wish: Wish = ALWAYS, **more):
    """The answer to one question of a client that has a tool of its own."""
    async with running(server.url, project, wish) as proxy, proxy.openai() as client:
        answer = await client.chat.completions.create(
            model="tiny", messages=[user("Go.")], tools=[WEATHER], **more
        )
    return answer.choices[0]


async def test_both_are_offered_and_ours_run_here(server: OllamaServer, project: Path):
    server.play(Reply(calls=(READ,)), Reply(text="It is plum."))
    choice = await asked(server, project)
    assert offered(server, 0)[0] == "weather" and len(offered(server, 0)) == 8
    assert "The secret word is plum." in results(server)[0]
    assert (choice.message.content, choice.finish_reason) == ("It is plum.", "stop")


async def test_a_call_of_the_clients_tool_is_handed_to_it(server: OllamaServer, project: Path):
    server.play(Reply(calls=(OSLO, READ)))
    choice = await asked(server, project)
    assert [call.function.name for call in choice.message.tool_calls] == ["weather"]
    assert choice.finish_reason == "tool_calls" and len(server.chats) == 1


async def test_the_model_keeps_what_ours_found_before_the_client_was_asked(
    server: OllamaServer, project: Path
):
    server.play(Reply(calls=(READ,)), Reply(calls=(OSLO,)), Reply(text="Plum, and rain."))
    async with running(server.url, project, ALWAYS) as proxy, proxy.openai() as client:
        first = await client.chat.completions.create(model="tiny", messages=[user("Go.")], tools=[WEATHER])
        said = first.choices[0].message
        rain = {"role": "tool", "tool_call_id": said.tool_calls[0].id, "content": "rain"}
        await client.chat.completions.create(
            model="tiny", messages=[user("Go."), said.model_dump(), rain], tools=[WEATHER]
        )
    assert [message["role"] for message in server.chats[-1].json()["messages"]] == [
        "user",
        "assistant",
        "tool",
        "assistant",
        "tool",
    ]
    assert ["plum" in results(server)[0], results(server)[1]] == [True, "rain"]


async def test_anthropics_clients_are_handed_theirs_too(server: OllamaServer, project: Path):
    tool = {"name": "weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}
    server.play(Reply(calls=(READ,)), Reply(text="Now the weather.", calls=(OSLO,)))
    async with running(server.url, project, ALWAYS) as proxy, proxy.anthropic() as client:
        answer = await client.messages.create(
            model="tiny", max_tokens=100, messages=[user("Go.")], tools=[tool]
        )
    assert [block.type for block in answer.content] == ["text", "tool_use"]
    assert answer.stop_reason == "tool_use" and "plum" in results(server)[0]


async def test_a_header_wishes_it_for_one_request(server: OllamaServer, project: Path):
    server.play(Reply(text="Hello."))
    await asked(server, project, Wish(), extra_headers={"x-ollama-code-tools": "on"})
    assert len(offered(server, 0)) == 8


@pytest.mark.parametrize(
    "more", [{"tool_choice": "required"}, {"extra_headers": {"x-ollama-code-tools": "off"}}]
)
async def test_ours_stay_away_where_a_call_is_forced_or_the_client_says_so(
    server: OllamaServer, project: Path, more: dict
):
    server.play(Reply(calls=(OSLO,)))
    await asked(server, project, **more)
    assert offered(server, 0) == ["weather"]


@pytest.mark.parametrize(
    ("theirs", "ours"), [("Bash", "run_command"), ("readFile", "read_file"), ("glob", "glob_files")]
)
def test_a_clients_definition_wins_over_ours_of_the_same_meaning(theirs: str, ours: str):
    names = names_of(beside([named(theirs)], wire_tools()))
    assert names[0] == theirs and ours not in names and len(names) == 7


def test_what_was_kept_longest_ago_gives_way():
    unseen, steps = Unseen(), (UserMessage(text="kept"),)
    for number in range(65):
        unseen.keep(f"call_{number}", steps)
    first, last = (
        AssistantMessage(calls=(ToolCall(id=f"call_{n}", name="a", arguments={}),)) for n in (0, 64)
    )
    result = ToolMessage(call_id="call_0", name="a", text="b")
    assert unseen.put_back([first, result, last]) == [first, result, *steps]
