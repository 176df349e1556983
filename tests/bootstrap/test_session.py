"""Opening and closing a session: what is there afterwards, whatever went wrong in between."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from ollama_code.bootstrap.assembly import Opened
from ollama_code.bootstrap.options import Options
from ollama_code.bootstrap.session import open_session
from ollama_code.core.errors import ModelMissing, UsageError
from ollama_code.core.events import Event, Notice, TurnFinished
from ollama_code.storage.replay import replay
from tests.e2e.fixtures import program, run, server
from tests.e2e.program import Program, RunInside
from tests.ollama_server import Gate, OllamaServer, Reply

__all__ = ["program", "run", "server"]


@pytest.fixture(autouse=True)
def inside(run: RunInside) -> None:
    """Every test stands in the project folder with the environment of the program."""


async def said(opened: Opened, text: str) -> list[Event]:
    async with aclosing(opened.session.prompt(text)) as events:
        return [event async for event in events]


async def test_what_is_opened_can_be_talked_to_and_closed(server: OllamaServer, program: Program) -> None:
    server.play(Reply(text="Hello."))
    opened = await open_session(Options(), asker=None)
    seen = await said(opened, "hi")
    await opened.close()
    assert isinstance(seen[-1], TurnFinished)
    assert len(replay(program.journals()[0]).history) == 2


async def test_a_session_that_never_spoke_is_none_to_continue(program: Program) -> None:
    await (await open_session(Options(), asker=None)).close()
    with pytest.raises(Exception, match="no session to continue"):
        await open_session(Options(resume=True), asker=None)


async def test_closing_twice_is_fine() -> None:
    opened = await open_session(Options(), asker=None)
    await opened.close()
    await opened.close()


async def test_a_rule_that_cannot_be_meant_leaves_the_session_free(program: Program) -> None:
    with pytest.raises(UsageError):
        await open_session(Options(allow=("nothing_like_it",)), asker=None)
    await (await open_session(Options(), asker=None)).close()


async def test_a_model_that_is_missing_writes_nothing(program: Program) -> None:
    with pytest.raises(ModelMissing):
        await open_session(Options(model="missing:1"), asker=None)
    assert program.journals() == []


async def test_a_turn_that_ended_while_its_session_was_being_continued_is_part_of_it(
    server: OllamaServer,
) -> None:
    server.play(Reply(text="One."), Reply(text="Two."))
    first, asked = await open_session(Options(), asker=None), Gate()
    await said(first, "one")
    server.hold("/api/show", asked)
    continuing = asyncio.create_task(open_session(Options(resume=True), asker=None))
    await asked.until_reached()
    await said(first, "two")
    await first.close()
    asked.open()
    second = await continuing
    await second.close()
    assert second.session.history == first.session.history


async def test_two_sessions_of_a_folder_do_not_meet(server: OllamaServer, program: Program) -> None:
    one = await open_session(Options(), asker=None)
    two = await open_session(Options(), asker=None)
    await one.close()
    await two.close()
    assert one.session.id != two.session.id and len(program.journals()) == 2


async def test_events_between_turns_reach_an_observer() -> None:
    opened = await open_session(Options(), asker=None)
    heard: list[object] = []
    opened.session.observe(heard.append)
    opened.session.set_mode(opened.session.mode.YOLO)
    await opened.close()
    assert [event.type for event in heard if not isinstance(event, Notice)] == ["mode_changed"]
