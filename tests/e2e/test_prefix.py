"""The prefix guarantee over a long session, compared in the bytes that left: every request of the conversation
begins with all of the one before it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from ollama_code.agent.compact import REQUEST
from ollama_code.agent.subagents import Task, delegate
from ollama_code.bootstrap.assembly import Opened
from ollama_code.bootstrap.options import Options
from ollama_code.bootstrap.session import open_session
from ollama_code.core.events import Event, Notice, ToolStarted
from ollama_code.core.permission import Allowed, Answer, Mode, PermissionRequest, Question
from tests.e2e.program import Program, RunInside
from tests.ollama_server import Call, OllamaServer, Recorded, Reply

TURNS = 50
COMPACTED_AFTER = 30
ROLE = "You look, and say what you saw."


class Agreeable:
    async def approve(self, request: PermissionRequest) -> Answer:
        return Allowed()

    async def question(self, question: Question) -> str:
        return "yes"


@dataclass
class Stage:
    opened: Opened
    server: OllamaServer
    heard: list[Event] = field(default_factory=list)

    async def say(self, text: str) -> None:
        async with aclosing(self.opened.session.prompt(text)) as events:
            self.heard += [event async for event in events]

    async def compact(self) -> None:
        self.server.play(Reply(text="We looked at files and changed some."))
        async with aclosing(self.opened.session.compact()) as events:
            self.heard += [event async for event in events]


@pytest.fixture
async def stage(server: OllamaServer, program: Program, run: RunInside) -> AsyncIterator[Stage]:
    opened = await open_session(Options(num_ctx=32768, mode="auto-edit"), asker=Agreeable())
    yield Stage(opened, server)
    await opened.close()


def read(n: int) -> tuple[Reply, ...]:
    return (
        Reply(text="I look.", calls=(Call("read_file", {"absolute_path": f"f{n}.txt"}),)),
        Reply(text="Seen."),
    )


def write(n: int) -> tuple[Reply, ...]:
    call = Call("write_file", {"file_path": f"f{n}.txt", "content": f"ligne {n} é\n"})
    return (Reply(calls=(call,)), Reply(text=f"Wrote f{n}.txt."))


def failed_edit(n: int) -> tuple[Reply, ...]:
    call = Call("edit", {"file_path": "README.md", "old_string": f"no such {n}", "new_string": "x"})
    return (Reply(calls=(call,)), Reply(text="It is not there."))


def todos(n: int) -> tuple[Reply, ...]:
    items = [{"id": "1", "content": f"Step {n}", "status": "in_progress"}]
    return (Reply(calls=(Call("todo_write", {"todos": items}),)), Reply(text="Noted."))


def command(n: int) -> tuple[Reply, ...]:
    return (Reply(calls=(Call("run_shell_command", {"command": f"echo {n}"}),)), Reply(text="It ran."))


def as_text(n: int) -> tuple[Reply, ...]:
    leak = (
        f"<function=read_file>\n<parameter=absolute_path>\nf{n}.txt\n</parameter>\n</function>\n</tool_call>"
    )
    return (Reply(raw=leak), Reply(text="Seen as well."))


def two_reads(n: int) -> tuple[Reply, ...]:
    calls = (Call("list_directory", {"path": "."}), Call("glob", {"pattern": f"*{n}*"}))
    return (Reply(text="Two at once.", calls=calls), Reply(text="Both."))


def empty(n: int) -> tuple[Reply, ...]:
    return (Reply(text=""), Reply(text=f"Answer {n}."))


KINDS: tuple[Callable[[int], tuple[Reply, ...]], ...] = (
    read, write, failed_edit, todos, command, as_text, two_reads, empty,
)  # fmt: skip


async def turn(stage: Stage, n: int) -> None:
    session = stage.opened.session
    if n % 10 == 4:
        session.set_mode(Mode.PLAN)
        stage.server.play(*write(n))
        await stage.say(f"Plan the change {n}.")
        session.set_mode(Mode.AUTO_EDIT)
        return
    if n % 10 == 7:
        stage.server.play(*read(n))
        steering = session.observe
        told: list[Event] = []

        def steer_once(event: Event) -> None:
            if isinstance(event, ToolStarted) and not told:
                told.append(event)
                session.steer(f"Mind number {n}.")

        steering(steer_once)
        await stage.say(f"Look at {n}.")
        return
    stage.server.play(*KINDS[n % len(KINDS)](n))
    await stage.say(f"Do number {n}.")
    if n % 10 == 9:
        stage.server.play(*two_reads(n))
        await delegate(session._rt, Task(f"look-{n}", "Look around.", ("list_directory", "glob"), ROLE))


def prompt(request: Recorded) -> bytes:
    """The bytes of the messages: from the start of the body to the end of the last message."""
    return request.body[: request.body.rindex(b'],"tools":')]


def front(request: Recorded) -> tuple[object, ...]:
    body = request.json()
    options = body["options"]
    assert isinstance(options, dict)
    return body["model"], body["tools"], body["think"], options["num_ctx"], "shift" in body, body["truncate"]


def is_side(request: Recorded) -> bool:
    return REQUEST.encode() in request.body


def is_subagent(request: Recorded) -> bool:
    return ROLE.encode() in prompt(request)


async def test_fifty_turns_extend_each_other_byte_for_byte(stage: Stage):
    for n in range(TURNS):
        await turn(stage, n)
        if n == COMPACTED_AFTER:
            await stage.compact()
    chats = stage.server.chats
    main = [chat for chat in chats if not is_side(chat) and not is_subagent(chat)]
    broken = [
        (before, after) for before, after in pairwise(main) if not prompt(after).startswith(prompt(before))
    ]
    assert len({str(front(chat)) for chat in chats}) == 1
    assert len(main) > 90 and len(broken) == 1
    assert b"We looked at files" in broken[0][1].body and b"We looked at files" not in broken[0][0].body
    assert stage.server.loads == 1 and stage.server.unplayed == 0
    assert not [event for event in stage.heard if isinstance(event, Notice) and "read" in event.text]


async def test_a_side_request_extends_the_main_one_and_is_never_extended(stage: Stage):
    for n in range(12):
        await turn(stage, n)
    await stage.compact()
    await turn(stage, 12)
    chats = [chat for chat in stage.server.chats if not is_subagent(chat)]
    at = next(i for i, chat in enumerate(chats) if is_side(chat))
    assert prompt(chats[at]).startswith(prompt(chats[at - 1]))
    assert not prompt(chats[at + 1]).startswith(prompt(chats[at]))


async def test_a_subagent_reads_the_head_no_second_time(stage: Stage):
    stage.server.play(*read(1), Reply(text="The subagent saw it."))
    await stage.say("Look.")
    whole = stage.server.read_tokens[0]
    await delegate(stage.opened.session._rt, Task("look-1", "Look around.", ("glob",), ROLE))
    assert stage.server.read_tokens[-1] < whole / 4
