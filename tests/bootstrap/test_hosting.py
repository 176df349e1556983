"""What `/serve` does, whoever starts the proxy."""

from __future__ import annotations

from collections.abc import Awaitable

import pytest

from ollama_code.bootstrap.hosting import AskingFor, Hosted, Hosting, Household, Wish
from ollama_code.core.display import TextBlock
from ollama_code.core.errors import UsageError
from ollama_code.core.events import Event
from ollama_code.core.permission import Allowed, Answer, Kind, PermissionRequest, Question

REQUEST = PermissionRequest(
    call_id="c",
    tool="run_shell_command",
    kind=Kind.EXECUTE,
    title="Run",
    scopes=(),
    preview=TextBlock(text="x"),
)


class Running:
    greeting = "Serving on http://127.0.0.1:8080"

    def __init__(self) -> None:
        self.closed = 0

    async def close(self) -> None:
        self.closed += 1


class Starter:
    """Starts one that only remembers; a taken port cannot be started on."""

    def __init__(self) -> None:
        self.wishes: list[Wish] = []
        self.running = Running()

    def __call__(self, household: Household, wish: Wish) -> Awaitable[Hosted]:
        return self._start(wish)

    async def _start(self, wish: Wish) -> Hosted:
        if wish.port == 1:
            raise UsageError("Port 1 is taken.")
        self.wishes.append(wish)
        return self.running


class Person:
    def __init__(self) -> None:
        self.asked: list[PermissionRequest] = []

    async def approve(self, request: PermissionRequest) -> Answer:
        self.asked.append(request)
        return Allowed()

    async def question(self, question: Question) -> str:
        return question.text


def heard(event: Event) -> None:
    pass


def hosting(starter: Starter) -> Hosting:
    return Hosting(starter, Person(), heard)


async def test_it_starts_one_and_says_how_to_end_it():
    starter = Starter()
    said = await hosting(starter).obey("", "tiny")
    assert starter.wishes == [Wish(None, "tiny")]
    assert said.startswith("Serving on") and "/serve stop" in said


async def test_a_port_is_passed_on():
    starter = Starter()
    await hosting(starter).obey("9000")
    assert starter.wishes == [Wish(9000)]


async def test_a_second_one_is_not_started():
    starter = Starter()
    keeper = hosting(starter)
    await keeper.obey("")
    assert "runs already" in await keeper.obey("9000") and len(starter.wishes) == 1


async def test_it_ends_once_and_can_begin_again():
    starter = Starter()
    keeper = hosting(starter)
    await keeper.obey("")
    assert await keeper.obey("stop") == "The proxy has ended." and starter.running.closed == 1
    assert "No proxy runs" in await keeper.obey("stop")
    await keeper.obey("")
    await keeper.close()
    assert (starter.running.closed, len(starter.wishes)) == (2, 2)


async def test_what_cannot_be_started_is_said_and_another_try_is_free():
    keeper = hosting(Starter())
    assert await keeper.obey("1") == "Port 1 is taken."
    assert "Serving on" in await keeper.obey("2")


@pytest.mark.parametrize("words", ["70000", "-1", "nine", "stop it", "9000 now", "²"])
async def test_words_that_mean_nothing_start_nothing(words: str):
    starter = Starter()
    assert "/serve 9000" in await hosting(starter).obey(words) and starter.wishes == []


async def test_the_person_is_told_for_whom():
    person = Person()
    await AskingFor(person, "curl/8").approve(REQUEST.model_copy(update={"why": "it is a push"}))
    await AskingFor(person, "").approve(REQUEST)
    assert [request.why for request in person.asked] == [
        '"curl/8" wants it through the proxy; it is a push',
        "a program wants it through the proxy",
    ]
