"""What the head of a real request costs, and that what it leaves out works."""

from __future__ import annotations

import json

import pytest

from tests.e2e.program import RunInside, messages_of, told
from tests.ollama_server import Call, OllamaServer, Recorded, Reply

LIMITS = {4096: 614, 8192: 1200, 16384: 2457, 32768: 2500, 131072: 2500}


def more(**arguments: str) -> Reply:
    return Reply(calls=(Call("more_tools", arguments),))


def head_tokens(request: Recorded) -> float:
    system, tools = messages_of(request)[0]["content"], request.json()["tools"]
    return (len(str(system)) + len(json.dumps(tools))) / 3.7


def offered(request: Recorded) -> list[str]:
    return [tool["function"]["name"] for tool in request.json()["tools"]]


@pytest.fixture
def model(server: OllamaServer) -> str:
    server.add_model("wide:1", capabilities=("completion", "tools"), context_length=131072)
    return "wide:1"


@pytest.mark.parametrize("num_ctx", LIMITS)
def test_the_head_takes_its_share_of_the_window_and_no_more(
    server: OllamaServer, run: RunInside, model: str, num_ctx: int
) -> None:
    server.play(Reply(text="Hello."))
    run("-p", "hi", "--model", model, "--num-ctx", str(num_ctx))
    request = server.chats[-1]
    assert head_tokens(request) <= LIMITS[num_ctx] and head_tokens(request) <= num_ctx * 0.15
    assert "more_tools" in offered(request) or num_ctx > 4096


def test_a_tool_left_out_is_found_read_about_and_run(
    server: OllamaServer, run: RunInside, model: str
) -> None:
    arguments = '{"todos": [{"id": "1", "content": "Look", "status": "in_progress"}]}'
    server.play(
        more(), more(tool="todo_write"), more(tool="todo_write", arguments=arguments), Reply(text="Ok.")
    )
    ran = run("-p", "go", "--model", model, "--num-ctx", "4096", "--output-format", "stream-json")
    listed, schema, done = told(server.chats[-1])
    assert "todo_write: " in listed and '"parameters"' in schema and "Look" in done
    assert [e["items"][0]["content"] for e in ran.events if e["type"] == "todos_changed"] == ["Look"]
    assert [e["title"] for e in ran.events if e["type"] == "tool_started"][-1] == "Update todos (1)"


def test_a_call_through_more_tools_is_the_same_call_as_the_direct_one(
    server: OllamaServer, run: RunInside, model: str
) -> None:
    through = more(tool="list_directory", arguments='{"path": "."}')
    direct = Reply(calls=(Call("list_directory", {"path": "."}),))
    server.play(through, direct, through, Reply(text="Ok."))
    run("-p", "go", "--model", model, "--num-ctx", "4096")
    assert "gave the same result 2 times" in told(server.chats[-1])[-1]


def test_looking_for_tools_leaves_the_front_of_the_prompt_as_it_was(
    server: OllamaServer, run: RunInside, model: str
) -> None:
    server.play(more(), more(tool="ask_user"), Reply(text="Ok."))
    run("-p", "go", "--model", model, "--num-ctx", "4096")
    bodies = [request.json() for request in server.chats]
    assert len({json.dumps(body["tools"]) for body in bodies}) == 1
    assert bodies[2]["messages"][: len(bodies[1]["messages"])] == bodies[1]["messages"]


def test_what_settings_switch_off_is_neither_offered_nor_found(
    server: OllamaServer, run: RunInside, model: str, program
) -> None:
    program.settings('{"excludeTools": ["ask_user"]}')
    server.play(more(), more(tool="ask_user", arguments='{"question": "?"}'), Reply(text="Ok."))
    run("-p", "go", "--model", model, "--num-ctx", "4096")
    listed, refused = told(server.chats[-1])
    assert "todo_write" in listed and "ask_user" not in listed
    assert refused.startswith("Error: There is no tool named ask_user")


def test_with_nothing_left_out_more_tools_is_not_offered(
    server: OllamaServer, run: RunInside, model: str, program
) -> None:
    program.settings('{"coreTools": ["read_file", "edit"]}')
    server.play(Reply(text="Ok."))
    run("-p", "go", "--model", model, "--num-ctx", "4096")
    assert offered(server.chats[-1]) == ["read_file", "edit"]
