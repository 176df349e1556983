"""Who runs a call: ours are run here, inside the bounds; a client's own are handed to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ollama_code.frontends.proxy.loop import NO_ANSWER
from tests.ollama_server import Call, Fault, OllamaServer, Reply
from tests.proxy.client import USUAL, Wish, running, user

READ = Reply(text="I will look.", calls=(Call("read_file", {"file_path": "README.md"}),))
BARE_READ = "<function=read_file>\n<parameter=file_path>\nREADME.md\n</parameter>\n</function>"
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


async def ask(server: OllamaServer, project: Path, wish: Wish = USUAL, **more):
    """The whole answer to one question."""
    async with running(server.url, project, wish) as proxy, proxy.openai() as client:
        return await client.chat.completions.create(model="tiny", messages=[user("Go.")], **more)


def results(server: OllamaServer) -> list[str]:
    """What the tools answered, as the last request has it."""
    return [m["content"] for m in server.chats[-1].json()["messages"] if m["role"] == "tool"]


def offered(server: OllamaServer, request: int) -> list[str]:
    return [tool["function"]["name"] for tool in server.chats[request].json().get("tools", [])]


async def test_a_plain_chat_gets_the_seven_and_they_run(server: OllamaServer, project: Path):
    server.play(READ, Reply(text="It is plum."))
    answer = await ask(server, project)
    assert len(offered(server, 0)) == 7
    assert "The secret word is plum." in results(server)[0]
    assert answer.choices[0].message.content == "It is plum."
    assert answer.choices[0].finish_reason == "stop" and not answer.choices[0].message.tool_calls


async def test_usage_is_the_sum_of_all_model_calls(server: OllamaServer, project: Path):
    first = Reply(calls=READ.calls, prompt_tokens=100, eval_tokens=10)
    server.play(first, Reply(text="Plum.", prompt_tokens=200, eval_tokens=5))
    answer = await ask(server, project)
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (300, 15)


async def test_a_stream_shows_every_message_and_none_of_our_calls(server: OllamaServer, project: Path):
    server.play(READ, Reply(text="It is plum."))
    async with running(server.url, project) as proxy, proxy.openai() as client:
        stream = await client.chat.completions.create(model="tiny", messages=[user("Go.")], stream=True)
        chunks = [chunk async for chunk in stream]
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == "I will look.\n\nIt is plum."
    assert not any(chunk.choices[0].delta.tool_calls for chunk in chunks)
    assert [c.choices[0].finish_reason for c in chunks if c.choices[0].finish_reason] == ["stop"]


async def test_files_are_written_and_commands_run_in_the_directory(server: OllamaServer, project: Path):
    write = Call("write_file", {"file_path": "new.txt", "content": "plum\n"})
    server.play(Reply(calls=(write, Call("run_command", {"command": "cat new.txt"}))), Reply(text="Done."))
    await ask(server, project)
    assert (project / "new.txt").read_text() == "plum\n"
    assert results(server)[1].startswith("plum")


async def test_a_path_outside_is_refused(server: OllamaServer, project: Path):
    (project.parent / "private").write_text("cherry")
    server.play(Reply(calls=(Call("read_file", {"file_path": "../private"}),)), Reply(text="No."))
    await ask(server, project)
    assert results(server)[0].startswith("Error:") and "cherry" not in results(server)[0]


async def test_commands_can_be_off(server: OllamaServer, project: Path):
    server.play(Reply(calls=(Call("run_command", {"command": "touch made"}),)), Reply(text="No."))
    await ask(server, project, Wish(commands=()))
    assert results(server) == ["Error: Command execution is disabled"]
    assert "run_command" not in offered(server, 0) and len(offered(server, 0)) == 6
    assert not (project / "made").exists()


async def test_only_allowed_commands_run(server: OllamaServer, project: Path):
    calls = (Call("run_command", {"command": "touch made"}), Call("run_command", {"command": "echo plum"}))
    server.play(Reply(calls=calls), Reply(text="No."))
    await ask(server, project, Wish(commands=("echo",)))
    refused, allowed = results(server)
    assert refused == "Error: Command execution is disabled" and allowed.startswith("plum")
    assert not (project / "made").exists()


async def test_at_the_limit_the_model_is_asked_once_more_without_tools(server: OllamaServer, project: Path):
    server.play(READ, READ, Reply(text="As far as I know: plum."))
    answer = await ask(server, project, Wish(max_iterations=2))
    assert [len(offered(server, n)) for n in range(3)] == [7, 7, 0]
    assert answer.choices[0].message.content == "As far as I know: plum."
    assert answer.choices[0].finish_reason == "stop"


async def test_an_answer_is_never_empty(server: OllamaServer, project: Path):
    server.play(Reply(calls=READ.calls), Reply(text=""), Reply(text=" "), Reply(text=""))
    answer = await ask(server, project)
    assert answer.choices[0].message.content == NO_ANSWER
    assert server.unplayed == 0


async def test_an_empty_answer_is_asked_for_again(server: OllamaServer, project: Path):
    server.play(Reply(text=""), Reply(text="It is plum."))
    answer = await ask(server, project)
    assert answer.choices[0].message.content == "It is plum."


async def test_a_call_that_came_as_text_runs_and_is_not_shown(server: OllamaServer, project: Path):
    server.play(Reply(text=f"I will look.\n\n{BARE_READ}"), Reply(text="It is plum."))
    async with running(server.url, project) as proxy, proxy.openai() as client:
        stream = await client.chat.completions.create(model="tiny", messages=[user("Go.")], stream=True)
        text = [chunk.choices[0].delta.content or "" async for chunk in stream]
    assert "".join(text) == "I will look.\n\nIt is plum."
    assert "The secret word is plum." in results(server)[0]


async def test_after_a_change_a_failure_ends_the_answer_instead_of_repeating_it(
    server: OllamaServer, project: Path
):
    write = Call("write_file", {"file_path": "new.txt", "content": "x"})
    server.play(Reply(calls=(write,)), Fault.cut())
    answer = await ask(server, project)
    assert "after tools had run" in answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"


async def test_a_clients_tools_are_passed_through_both_ways(server: OllamaServer, project: Path):
    server.play(Reply(text="Wait.", calls=(Call("weather", {"city": "Oslo"}, id="call_a"),)))
    answer = await ask(server, project, tools=[WEATHER])
    (call,) = answer.choices[0].message.tool_calls
    assert server.chats[0].json()["tools"] == [WEATHER] and len(server.chats) == 1
    assert (call.function.name, json.loads(call.function.arguments)) == ("weather", {"city": "Oslo"})
    assert call.id and answer.choices[0].finish_reason == "tool_calls"


async def test_streamed_calls_have_index_id_and_text_arguments(server: OllamaServer, project: Path):
    calls = (Call("weather", {"city": "Oslo"}), Call("weather", {"city": "Rom"}))
    server.play(Reply(calls=calls))
    body = {"model": "tiny", "messages": [user("Go.")], "tools": [WEATHER], "stream": True}
    async with running(server.url, project) as proxy, proxy.openai() as client:
        stream = await client.chat.completions.create(**body)
        chunks = [chunk async for chunk in stream]
    given = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or ()]
    assert [(c.index, c.type, json.loads(c.function.arguments)["city"]) for c in given] == [
        (0, "function", "Oslo"),
        (1, "function", "Rom"),
    ]
    assert len({call.id for call in given}) == 2
    assert chunks[-1].choices[0].finish_reason == "tool_calls"


async def test_the_clients_results_reach_the_model_with_their_name(server: OllamaServer, project: Path):
    server.play(Reply(text="Rain."))
    call = {
        "id": "call_a",
        "type": "function",
        "function": {"name": "weather", "arguments": '{"city":"Oslo"}'},
    }
    messages = [
        user("Go."),
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_a", "content": "rain"},
    ]
    async with running(server.url, project) as proxy, proxy.openai() as client:
        await client.chat.completions.create(model="tiny", messages=messages, tools=[WEATHER])
    _, asked, answered = server.chats[0].json()["messages"]
    assert asked["tool_calls"][0]["function"]["arguments"] == {"city": "Oslo"}
    assert answered == {"role": "tool", "tool_name": "weather", "tool_call_id": "call_a", "content": "rain"}


async def test_no_tools_are_injected_where_they_are_switched_off(server: OllamaServer, project: Path):
    server.play(Reply(text="Hello."))
    await ask(server, project, Wish(tools="never"))
    assert offered(server, 0) == []


async def test_a_model_without_tools_answers_without(server: OllamaServer, project: Path):
    server.add_model("plain", capabilities=("completion",))
    server.play(Reply(text="Hello."))
    async with running(server.url, project) as proxy, proxy.openai() as client:
        answer = await client.chat.completions.create(model="plain", messages=[user("Go.")])
    assert answer.choices[0].message.content == "Hello." and offered(server, 0) == []


@pytest.mark.parametrize(
    ("headers", "more", "count"),
    [
        ({"user-agent": "claude-cli/2.1.329 (external, sdk-cli)"}, {}, 0),
        ({"user-agent": "QwenCode/0.24.4"}, {}, 0),
        ({"user-agent": "ai-sdk/provider-utils opencode/1.18"}, {}, 0),
        ({"x-app": "cli"}, {}, 0),
        ({"x-app": "cli", "x-ollama-code-tools": "on"}, {}, 7),
        ({"x-ollama-code-tools": "off"}, {}, 0),
        ({}, {"max_tokens": 64, "stop": ["</block>"]}, 0),
        ({}, {"tool_choice": "none"}, 0),
        ({}, {"max_tokens": 64}, 7),
    ],
)
async def test_ours_are_not_offered_where_they_would_do_harm(
    server: OllamaServer, project: Path, headers: dict[str, str], more: dict, count: int
):
    server.play(Reply(text="Hello."))
    body = {"model": "tiny", "messages": [user("Go.")], **more}
    async with running(server.url, project) as proxy, proxy.raw() as client:
        await client.post("/v1/chat/completions", json=body, headers=headers)
    assert len(offered(server, 0)) == count


async def test_ours_run_for_anthropics_clients_too(server: OllamaServer, project: Path):
    server.play(READ, Reply(text="It is plum."))
    async with running(server.url, project) as proxy, proxy.anthropic() as client:
        answer = await client.messages.create(model="tiny", max_tokens=100, messages=[user("Go.")])
    assert "The secret word is plum." in results(server)[0]
    assert [block.text for block in answer.content] == ["It is plum."] and answer.stop_reason == "end_turn"


async def test_a_refused_command_is_told_to_anthropics_clients_too(server: OllamaServer, project: Path):
    server.play(Reply(calls=(Call("run_command", {"command": "touch made"}),)), Reply(text="No."))
    async with running(server.url, project, Wish(commands=())) as proxy, proxy.anthropic() as client:
        await client.messages.create(model="tiny", max_tokens=100, messages=[user("Go.")])
    assert results(server) == ["Error: Command execution is disabled"] and not (project / "made").exists()


async def test_what_our_tools_did_is_in_the_audit_log(server: OllamaServer, project: Path, tmp_path: Path):
    server.play(READ, Reply(text="It is plum."))
    await ask(server, project)
    [file] = (tmp_path / "home" / "audit").iterdir()
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(row["what"], row["tool"], row["caller"]) for row in rows] == [
        ("decided", "read_file", "proxy"),
        ("ran", "read_file", "proxy"),
    ]
    assert rows[0]["directory"] == str(project) and rows[0]["client"].startswith("AsyncOpenAI/Python")
    assert rows[1]["result_bytes"] >= len("The secret word is plum.\n") and "plum" not in file.read_text()


async def test_what_our_tools_found_gives_way_before_it_overflows_the_window(
    server: OllamaServer, project: Path
):
    (project / "long.txt").write_text("A line of some words.\n" * 5000)
    reads = [Call("read_file", {"file_path": "long.txt", "offset": 1 + 500 * n}) for n in range(8)]
    server.play(*(Reply(calls=(read,)) for read in reads), Reply(text="All read."))
    answer = await ask(server, project)
    assert answer.choices[0].message.content == "All read." and not any(server.cut)
    assert results(server)[0].startswith("[Removed to make room") and "A line" in results(server)[-1]


async def test_a_model_that_goes_round_in_circles_is_made_to_answer(server: OllamaServer, project: Path):
    server.play(*[READ] * 5, Reply(text="It is plum."))
    answer = await ask(server, project)
    assert answer.choices[0].message.content == "It is plum." and len(server.chats) == 6
    assert ["not run again" in result for result in results(server)] == [False, False, True, True, True]
