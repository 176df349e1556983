"""What is read while nobody waits: on the wire, by what the next request has left to read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from ollama_code.agent.feed import Feed
from ollama_code.agent.known import Known
from ollama_code.agent.runtime import Runtime, Tooling
from ollama_code.agent.session import Session
from ollama_code.agent.surroundings import Surroundings
from ollama_code.core.head import Head
from ollama_code.core.messages import AssistantMessage
from ollama_code.core.permission import Mode
from ollama_code.core.profile import ModelProfile
from ollama_code.permissions.gate import Gate
from ollama_code.permissions.policy import Policy
from ollama_code.providers.ollama import OllamaProvider
from ollama_code.tools.toolset import Toolset
from tests.agent.rig import Kept, Look
from tests.ollama_server import Call, Model, OllamaServer, Pace, Reply

THINKER = Model("thinker:latest", capabilities=("completion", "tools", "thinking"))
SYSTEM = "You are careful. " * 200


class Desk:
    """A session of the thinking model on a real wire."""

    def __init__(self, server: OllamaServer, folder, profile: ModelProfile) -> None:
        self.seen: list = []
        feed = Feed(self.seen.append)
        toolset = Toolset((Look(),))
        gate = Gate(Policy(), Mode.DEFAULT, None, feed.emit)
        head = Head(
            model="thinker:latest", num_ctx=16384, think=True, system=SYSTEM, tools=toolset.wire(),
            sends_thinking=profile.sends_thinking,
        )  # fmt: skip
        self.known = Known(profile)
        self.provider = OllamaProvider(server.url)
        tooling = Tooling(toolset, gate, feed.emit, Kept(folder))
        runtime = Runtime(self.provider, head, tooling, known=self.known)
        look = Surroundings("2026-11-21", str(folder), "Linux", Mode.DEFAULT, person=True)
        self.session = Session("s", runtime, feed, lambda: look, [])

    async def say(self, text: str) -> None:
        async with aclosing(self.session.prompt(text)) as events:
            async for _ in events:
                pass


@pytest.fixture
async def desk(tmp_path) -> AsyncIterator:
    desks: list[Desk] = []
    with OllamaServer(models=(THINKER,)) as server:

        def make(**profile) -> tuple[OllamaServer, Desk]:
            desks.append(Desk(server, tmp_path, ModelProfile(**profile)))
            return server, desks[-1]

        yield make
        for one in desks:
            await one.session.quiet()
            await one.provider.close()


def turn_with_a_tool(answer: str = "It is x. " * 20) -> tuple[Reply, ...]:
    thought = "I shall look. " * 50
    return (
        Reply(thinking=thought, calls=(Call("look", {"word": "x"}),)),
        Reply(thinking=thought, text=answer),
    )


async def test_after_a_warm_up_the_first_question_reads_only_its_own_words(desk):
    server, one = desk(rereads_turn=False)
    server.play(Reply(text="ok"))
    one.session.warm_up()
    await one.session.settled()
    await one.say("hello")
    warm, first = server.read_tokens
    assert warm > 500 and first < 20
    assert server.loads == 1


async def test_an_engine_that_another_name_loaded_is_the_one_in_memory(desk):
    server, one = desk(rereads_turn=False)
    for name in ("thinker:latest", "alias:latest"):
        server.add_model(name, capabilities=THINKER.capabilities, digest="a" * 64)
    server.play(Reply(text="ok"))
    await one.provider.installed()
    await one.provider.load("alias", 16384, "5m")
    await one.say("hello")
    held = await one.session.memory()
    assert held and held.name == "alias:latest" and server.loads == 1


async def test_a_template_that_erases_thinking_is_read_again_before_the_person_speaks(desk):
    server, one = desk(rereads_turn=True)
    server.play(*turn_with_a_tool(), Reply(text="ok"))
    await one.say("look")
    await one.session.settled()
    await one.say("and now?")
    *_, again, question = server.read_tokens
    assert again > 50 and question < 20


async def test_without_reading_ahead_the_seam_costs_the_last_turn(desk):
    server, one = desk(rereads_turn=False)
    server.play(*turn_with_a_tool(), Reply(text="ok"))
    await one.say("look")
    await one.say("and now?")
    assert server.read_tokens[-1] > 50


async def test_where_thinking_is_kept_back_nothing_is_read_twice(desk):
    server, one = desk(rereads_turn=False, sends_thinking=False)
    server.play(*turn_with_a_tool("x."), Reply(text="ok"))
    await one.say("look")
    await one.say("and now?")
    assert server.read_tokens[-1] < 30 and len(server.read_tokens) == 3


async def test_the_person_waits_for_nothing_that_is_read_ahead(desk):
    server, one = desk(rereads_turn=True)
    gate = server.gate()
    server.play_warmups(Reply(text="x", pace=Pace(hold=gate)))
    server.play(Reply(text="ok"))
    one.session.warm_up()
    await asyncio.to_thread(server.wait_for_requests, 1)
    await one.say("hello")
    assert one.seen[-1].reason == "done"
    gate.open()


async def test_the_seam_is_measured_once_and_kept(desk):
    server, one = desk()
    one.session.warm_up()
    await one.session.settled()
    assert (one.known.profile.sends_thinking, one.known.profile.rereads_turn) == (False, False)
    assert server.loads == 1


async def test_a_model_that_refuses_to_think_reads_ahead_without(desk):
    server, one = desk()
    server.add_model("thinker:latest")
    one.session.warm_up()
    await one.session.settled()
    assert [event.type for event in one.seen].count("read_ahead") == 1
    assert not any(event.type == "notice" for event in one.seen)
    assert one.known.profile.thinks is False and len(server.read_tokens) == 1


async def test_a_conversation_that_fills_the_window_is_not_read_ahead(desk):
    server, one = desk(rereads_turn=True)
    server.play(Reply(text="ok"))
    await one.say("hello")
    await one.session.settled()
    one.session.history.append(AssistantMessage(text="word " * 20_000))
    one.session.warm_up()
    await one.session.settled()
    assert len(server.warmups) == 2 and len(server.warmups[-1].body) < len(server.warmups[0].body)
