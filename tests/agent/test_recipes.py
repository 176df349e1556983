"""A command from a file, filled in by real tools in a real folder: each command in it asks, in every mode."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from ollama_code.bootstrap.options import Options
from ollama_code.bootstrap.session import open_session
from ollama_code.core.events import Event, TurnFinished
from ollama_code.core.permission import Allowed, Refused
from ollama_code.core.recipe import CommandSlot, FileSlot, Piece, Recipe, Words
from tests.agent.rig import Fixed
from tests.e2e.fixtures import program, run, server
from tests.e2e.program import Program, RunInside, messages_of
from tests.ollama_server import OllamaServer, Reply

__all__ = ["program", "run", "server"]
TOUCH = CommandSlot(command="touch made && echo is-$((40+2))")
MODES = pytest.mark.parametrize("mode", ["default", "auto-edit", "yolo"])


@pytest.fixture(autouse=True)
def inside(run: RunInside) -> None:
    """Every test stands in the project folder with the environment of the program."""


async def followed(asker: Fixed | None, *pieces: Piece, **options) -> list[Event]:
    opened = await open_session(Options(**options), asker=asker)
    try:
        async with aclosing(opened.session.follow("/x", Recipe(name="/x", pieces=pieces))) as events:
            return [event async for event in events]
    finally:
        await opened.close()


def ended(events: list[Event]) -> str:
    assert isinstance(events[-1], TurnFinished)
    return events[-1].reason


@MODES
async def test_a_command_asks_and_its_output_takes_its_place(
    program: Program, server: OllamaServer, mode: str
) -> None:
    server.play(Reply(text="Fine."))
    person = Fixed()
    events = await followed(
        person, Words(text="Look: "), TOUCH, Words(text="!"), mode=mode, allow=("run_shell_command(touch *)",)
    )
    assert [request.tool for request in person.asked] == ["run_shell_command"]
    assert "/x is a command from a file" in person.asked[0].why
    assert "Look: is-42\n" in str(messages_of(server.chats[0])[-1]["content"])
    assert (program.project / "made").exists()
    assert ended(events) == "done"


@MODES
async def test_a_command_that_is_refused_ends_it_before_the_model_hears_anything(
    program: Program, server: OllamaServer, mode: str
) -> None:
    events = await followed(Fixed(Refused()), Words(text="Look: "), TOUCH, mode=mode)
    assert ended(events) == "denied"
    assert not (program.project / "made").exists()
    assert server.chats == []


async def test_where_nobody_can_answer_no_command_runs(program: Program, server: OllamaServer) -> None:
    events = await followed(None, TOUCH, mode="yolo")
    assert (ended(events), server.chats) == ("denied", [])
    assert not (program.project / "made").exists()


async def test_a_rule_that_denies_is_not_asked_about(program: Program) -> None:
    person = Fixed()
    events = await followed(person, TOUCH, deny=("run_shell_command(touch *)",))
    assert (ended(events), person.asked) == ("denied", [])


async def test_a_yes_for_the_session_does_not_answer_the_next_one(
    program: Program, server: OllamaServer
) -> None:
    server.play(Reply(text="Fine."))
    person = Fixed(Allowed(remember="session"))
    await followed(person, TOUCH, TOUCH)
    assert len(person.asked) == 2


async def test_files_and_folders_ride_along(program: Program, server: OllamaServer) -> None:
    (program.project / "src").mkdir()
    (program.project / "src" / "a.txt").write_text("alpha beta\n")
    server.play(Reply(text="Fine."))
    await followed(None, FileSlot(path="src/a.txt"), FileSlot(path="src"), FileSlot(path="gone"))
    told = str(messages_of(server.chats[0])[-1]["content"])
    assert "--- src/a.txt ---" in told and "alpha beta" in told
    assert "--- src ---" in told and "not readable" in told


@pytest.mark.parametrize("path", [".env", "../outside.txt"])
async def test_a_file_with_secrets_or_outside_asks_and_a_no_keeps_it(
    program: Program, server: OllamaServer, path: str
) -> None:
    (program.project / path).write_text("s3cret")
    server.play(Reply(text="Fine."))
    person = Fixed(Refused())
    await followed(person, FileSlot(path=path))
    assert len(person.asked) == 1
    assert "s3cret" not in str(messages_of(server.chats[0])[-1]["content"])


async def test_a_continued_session_shows_what_was_typed(program: Program, server: OllamaServer) -> None:
    server.play(Reply(text="Fine."))
    await followed(None, Words(text="Very long words of the file"))
    added = [event["message"] for event in program.journal() if event["type"] == "message_added"]
    assert added[0]["said"] == ["/x"]
