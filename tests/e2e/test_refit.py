"""A server that is not what it said: the session goes on with another head, and the next one begins with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import aclosing

import pytest

from ollama_code.bootstrap.assembly import Opened
from ollama_code.bootstrap.options import Options
from ollama_code.bootstrap.session import open_session
from ollama_code.core.events import Event, Notice, TextDelta
from ollama_code.tools.tiers.budget import budget_tokens, head_tokens
from tests.e2e.fixtures import program, run
from tests.e2e.program import RunInside
from tests.ollama_server import Call, Gate, OllamaServer, Pace, Recorded, Reply

__all__ = ["program", "run"]

ASKED = Options(num_ctx=16384, mode="yolo")
TASK = "Find out who wrote the poem ZANZIBAR and tell me."


@pytest.fixture
def server() -> Iterator[OllamaServer]:
    with OllamaServer() as running:
        yield running


@pytest.fixture(autouse=True)
def inside(run: RunInside) -> None:
    """Every test stands in the project folder with the environment of the program."""


def answer(text: str) -> Reply:
    return Reply(text=json.dumps({"answer": text}))


def bound_call(name: str, **arguments: object) -> Reply:
    return Reply(text=json.dumps({"name": name, "arguments": arguments}))


async def said(opened: Opened, text: str) -> list[Event]:
    async with aclosing(opened.session.prompt(text)) as events:
        return [event async for event in events]


async def warmed(opened: Opened) -> list[Event]:
    heard: list[Event] = []
    opened.session.observe(heard.append)
    opened.session.warm_up()
    await opened.session.settled()
    return heard


def notices(events: list[Event], word: str) -> list[str]:
    return [event.text for event in events if isinstance(event, Notice) and word in event.text]


def head_size(request: Recorded) -> int:
    body = request.json()
    messages = body["messages"]
    assert isinstance(messages, list)
    return head_tokens(messages[0]["content"], body.get("tools") or [])


def smaller(server: OllamaServer, num_ctx: int = 4096, *, lies: bool = False) -> None:
    server.add_model("tiny:latest", context_length=num_ctx, ignores_truncate=lies)


async def test_a_server_that_refuses_tools_it_promised_is_asked_by_a_schema_from_then_on(
    server: OllamaServer,
) -> None:
    server.add_model("tiny:latest", refuses_tools=True)
    server.play(bound_call("list_directory", path="."), answer("Nothing."), answer("Still nothing."))
    opened = await open_session(ASKED, asker=None)
    events = [*await said(opened, TASK), *await said(opened, "And now?")]
    await opened.close()
    first, *rest = [chat.json() for chat in server.chats]
    assert "tools" in first and all("tools" not in body and "format" in body for body in rest)
    assert opened.session.history[-1].text == "Still nothing." and events[-1].reason == "done"
    assert len(notices(events, "refuses tools")) == 1 and not notices(events, "read about")


async def test_that_it_refuses_tools_is_known_to_the_next_session_and_to_a_continued_one(
    server: OllamaServer,
) -> None:
    server.play(
        Reply(calls=(Call("list_directory", {"path": "."}),)),
        Reply("Seen."),
        answer("One."),
    )
    opened = await open_session(ASKED, asker=None)
    await said(opened, TASK)
    server.add_model("tiny:latest", refuses_tools=True)
    await said(opened, "On.")
    await opened.close()
    server.play(answer("Two."), answer("Three."))
    for options in (Options(resume=True), ASKED):
        opened = await open_session(options, asker=None)
        events = await said(opened, "More.")
        await opened.close()
        assert events[-1].reason == "done" and not notices(events, "refuses tools")
    again, fresh = server.chats[-2:]
    assert again.body.startswith(server.chats[-3].body.partition(b'],"stream"')[0])
    assert "tools" not in fresh.json() and "format" in fresh.json()


async def test_a_much_smaller_window_chooses_the_head_again_and_says_what_breaks(
    server: OllamaServer,
) -> None:
    server.play(*[Reply("Fine.")] * 6)
    opened = await open_session(ASKED, asker=None)
    await said(opened, TASK + "word " * 900)
    smaller(server)
    events = [event for text in ("word " * 900, "word " * 900) for event in await said(opened, text)]
    breaks = [str(one.by) for one in opened.session.overview().breaks]
    await opened.close()
    assert head_size(server.chats[0]) > budget_tokens(4096) >= head_size(server.chats[-1])
    assert events[-1].reason == "done" and "the window of the server" in breaks
    assert len(notices(events, "chosen anew")) == 1 and not notices(events, "read about")
    assert all(TASK in chat.body.decode() for chat in server.chats)


async def test_a_smaller_window_is_known_although_the_answer_was_stopped(server: OllamaServer) -> None:
    server.play(Reply("One two three.", pace=Pace(hold=Gate(), hold_after=1)), Reply("Fine."))
    opened = await open_session(ASKED, asker=None)
    smaller(server)
    async with aclosing(opened.session.prompt(TASK)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break
    await said(opened, TASK)
    await opened.close()
    assert head_size(server.chats[-1]) <= budget_tokens(4096) < head_size(server.chats[0])


async def test_the_next_session_begins_with_what_the_server_gave(server: OllamaServer) -> None:
    server.play(*[Reply("Fine.")] * 4)
    opened = await open_session(ASKED, asker=None)
    smaller(server)
    await said(opened, "word " * 2000)
    await opened.close()
    smaller(server, 32768)
    fresh = await open_session(ASKED, asker=None)
    assert (fresh.session.window, fresh.session.head.num_ctx) == (4096, 16384)
    await said(fresh, TASK)
    await fresh.close()
    assert head_size(server.chats[-1]) <= budget_tokens(4096)
    grown = await open_session(ASKED, asker=None)
    assert grown.session.window == 16384
    await grown.close()


async def test_a_continued_session_sends_the_head_that_it_had_at_last(server: OllamaServer) -> None:
    server.play(*[Reply("Fine.")] * 5)
    opened = await open_session(ASKED, asker=None)
    smaller(server)
    await said(opened, "word " * 2000)
    await opened.close()
    again = await open_session(Options(resume=True), asker=None)
    assert again.session.window == 4096 and again.session.head == opened.session.head
    assert (await said(again, "On."))[-1].reason == "done"
    await again.close()
    before, after = (chat.json() for chat in server.chats[-2:])
    assert before["tools"] == after["tools"] and before["messages"][0] == after["messages"][0]


@pytest.mark.parametrize("lies", [False, True])
async def test_a_warm_up_finds_the_smaller_window_before_anybody_waits(
    server: OllamaServer, lies: bool
) -> None:
    server.play(Reply("Fine."))
    opened = await open_session(ASKED, asker=None)
    smaller(server, lies=lies)
    heard = await warmed(opened)
    events = await said(opened, TASK)
    await opened.close()
    assert notices(heard, "4,096 tokens, not the 16,384") and len(server.warmups) == 2
    assert head_size(server.warmups[-1]) == head_size(server.chats[-1]) <= budget_tokens(4096)
    assert server.read_tokens[-1] < 60 and events[-1].reason == "done"


@pytest.mark.parametrize("lies", [False, True])
async def test_a_warm_up_that_is_cut_or_refused_is_told_and_the_next_request_fits(
    server: OllamaServer, lies: bool
) -> None:
    server.play(*[Reply("Fine.")] * 3, Reply("SUMMARY"), *[Reply("Good.")] * 2)
    opened = await open_session(ASKED, asker=None)
    for _ in range(3):
        await said(opened, TASK + "word " * 1200)
    await opened.close()
    smaller(server, lies=lies)
    again = await open_session(Options(resume=True), asker=None)
    heard = await warmed(again)
    cuts = len(server.cut)
    events = await said(again, "And now?")
    await again.close()
    assert bool(notices(heard, "TRUNCATED")) is lies and notices(heard, "4,096 tokens")
    assert not any(server.cut[cuts:]) and events[-1].reason == "done"
    assert TASK in server.chats[-1].body.decode() and again.session.history[-1].text == "Good."
