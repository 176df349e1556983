"""What a person is asked, what their answer covers, and what happens where nobody is there."""

from __future__ import annotations

import asyncio

from ollama_code.core.display import TextBlock
from ollama_code.core.events import Event, PermissionAsked
from ollama_code.core.permission import Allowed, Answer, Caution, Kind, Mode, PermissionRequest, Question
from ollama_code.permissions.gate import Gate
from ollama_code.permissions.policy import Policy
from ollama_code.permissions.rules import Rule

GIT = "run_shell_command(git status)"


def request(*cautions: str, scopes: tuple[str, ...] = (GIT,)) -> PermissionRequest:
    return PermissionRequest(
        call_id="c", tool="run_shell_command", kind=Kind.EXECUTE, title="t", scopes=scopes,
        preview=TextBlock(text=""),
        cautions=tuple(Caution(scope=GIT, text=text, against="pattern") for text in cautions),
    )  # fmt: skip


class Person:
    """Says yes for the session, once `ready` is set."""

    def __init__(self) -> None:
        self.asked: list[PermissionRequest] = []
        self.ready = asyncio.Event()

    async def approve(self, request: PermissionRequest) -> Answer:
        self.asked.append(request)
        await self.ready.wait()
        return Allowed(remember="session")

    async def question(self, question: Question) -> str:
        return ""


def gate(person: Person | None, policy: Policy, events: list[Event]) -> Gate:
    return Gate(policy, Mode.DEFAULT, person, events.append)


ALLOW = Policy(allow=(Rule("run_shell_command", "git status", "--allow"),))


async def test_the_person_is_told_why_a_rule_was_not_enough():
    person, events = Person(), list[Event]()
    person.ready.set()
    assert (await gate(person, ALLOW, events).admit(request("core.pager says: x"), "main")).allow
    assert [asked.why for asked in person.asked] == ["core.pager says: x"]
    assert [event.request.why for event in events if isinstance(event, PermissionAsked)] == [
        "core.pager says: x"
    ]


async def test_no_reason_is_given_for_what_the_mode_always_asks():
    person = Person()
    person.ready.set()
    await gate(person, Policy(), []).admit(request(), "main")
    assert person.asked[0].why == ""


async def test_an_answer_for_the_session_covers_what_was_shown_and_no_other_caution():
    person = Person()
    person.ready.set()
    door = gate(person, Policy(), [])
    for asks in (request("a"), request("a"), request("b"), request("a", "c")):
        await door.admit(asks, "main")
    assert [[caution.text for caution in asked.cautions] for asked in person.asked] == [
        ["a"],
        ["b"],
        ["a", "c"],
    ]


async def test_an_answer_for_a_compound_line_covers_each_of_its_commands():
    person = Person()
    person.ready.set()
    door = gate(person, Policy(), [])
    await door.admit(request(scopes=(GIT, "run_shell_command(make)")), "main")
    await door.admit(request(scopes=("run_shell_command(make)",)), "main")
    await door.admit(request(scopes=("run_shell_command(make all)",)), "main")
    assert [asked.scopes[-1] for asked in person.asked] == [
        "run_shell_command(make)",
        "run_shell_command(make all)",
    ]


async def test_a_mode_that_forbids_it_while_it_waits_refuses_without_asking():
    person = Person()
    door = gate(person, Policy(), [])
    first = asyncio.create_task(door.admit(request(), "main"))
    second = asyncio.create_task(door.admit(request("x"), "main"))
    await asyncio.sleep(0)
    door.mode = Mode.PLAN
    person.ready.set()
    assert ((await first).allow, (await second).allow, len(person.asked)) == (True, False, 1)


async def test_where_nobody_is_there_what_would_ask_is_refused():
    assert not (await gate(None, ALLOW, []).admit(request("x"), "main")).allow
    assert (await gate(None, ALLOW, []).admit(request(), "main")).allow


async def test_no_mode_is_bolder_than_the_policy_lets_it_be():
    bounded = Gate(Policy(boldest=Mode.DEFAULT), Mode.YOLO, None, list[Event]().append)
    assert (bounded.mode, bounded.modes) == (Mode.DEFAULT, (Mode.PLAN, Mode.DEFAULT))
    bounded.mode = Mode.PLAN
    bounded.mode = Mode.AUTO_EDIT
    assert bounded.mode is Mode.DEFAULT
    assert not (await bounded.admit(request(), "main")).allow
