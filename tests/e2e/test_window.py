"""Sessions that are longer than the window, on the wire: what the model is asked with, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from ollama_code.bootstrap.assembly import Opened
from ollama_code.bootstrap.options import Options
from ollama_code.bootstrap.session import open_session
from ollama_code.core.events import Compacted, Event, Notice, Retried, TurnFinished, UsageReported
from ollama_code.storage.replay import replay
from tests.e2e.fixtures import program, run
from tests.e2e.program import Program, RunInside, messages_of
from tests.ollama_server import Call, Fault, Model, OllamaServer, Recorded, Reply

__all__ = ["program", "run"]

HONEST = Model("tiny:latest")
LYING = Model("tiny:latest", ignores_truncate=True)
WINDOW = Options(num_ctx=8192, mode="yolo")
TASK = "Find out who wrote the poem ZANZIBAR and tell me."
LINE = "def value_{0}(left, right):\n    return left + right * {0}  # the sum of line {0}\n"
CODE = "".join(LINE.format(number) for number in range(2800))
MOST_BY_CHANCE = 3
"""Alarms in 200 turns because a prompt has, by chance, the length that a cut leaves."""
NUMBERS = ",".join(str(number * 7919 % 100_003) for number in range(500))
"""Of which a tokenizer makes one token for each digit and sign here."""


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[OllamaServer]:
    with OllamaServer(models=(getattr(request, "param", HONEST),)) as running:
        yield running


lying = pytest.mark.parametrize("server", [LYING], indirect=True, ids=["lying"])


@pytest.fixture(autouse=True)
def inside(run: RunInside) -> None:
    """Every test stands in the project folder with the environment of the program."""


async def said(opened: Opened, text: str) -> list[Event]:
    async with aclosing(opened.session.prompt(text)) as events:
        return [event async for event in events]


def asked(server: OllamaServer) -> list[Recorded]:
    """The chat requests that a person waits for, and those for a summary: not the warm-up."""
    return [r for r in server.chats if json.loads(r.body)["options"].get("num_predict") != 1]


def words_of(request: Recorded, role: str) -> str:
    return "\n".join(str(m["content"]) for m in messages_of(request) if m["role"] == role)


def read(path: Path, offset: int = 1) -> Reply:
    return Reply(calls=(Call("read_file", {"absolute_path": str(path), "offset": offset, "limit": 400}),))


@lying
async def test_of_200_turns_with_a_server_that_cuts_none_is_cut_unnoticed(
    server: OllamaServer, program: Program
) -> None:
    code = program.project / "code.py"
    code.write_text(CODE)
    server.play(*(read(code), read(code, 900), Reply("Seen."), Reply("Wrong."), Reply("Well.")) * 200)
    opened = await open_session(replace(WINDOW, num_ctx=4096), asker=None)
    noticed = 0
    for turn in range(200):
        if turn == 149:  # somebody else's server has taken over, with half of the window
            server.add_model("tiny:latest", context_length=2048, ignores_truncate=True)
        before = len(server.cut)
        events = await said(opened, NUMBERS if turn % 17 == 5 else f"Word {turn}: go on. " * (turn % 25))
        notices = [e.text for e in events if isinstance(e, Notice)]
        alarms = [text for text in notices if "TRUNCATED" in text]
        assert not [text for text in notices if "read about" in text], "an unplanned break of the prefix"
        assert sum(server.cut[before:]) <= len(alarms) and events[-1].reason == "done"
        noticed += len(alarms)
    await opened.close()
    assert 0 < sum(server.cut) <= noticed <= sum(server.cut) + MOST_BY_CHANCE and any(
        "2,048" in str(e) for e in program.journal()
    )
    assert list(replay(program.journals()[0]).history) == opened.session.history


async def test_the_task_outlives_a_file_of_200_kb_in_a_small_window(
    server: OllamaServer, program: Program
) -> None:
    file = program.project / "code.py"
    file.write_text(CODE)
    plan = [{"id": "1", "content": "read code.py", "status": "in_progress"}]
    server.play(
        Reply(calls=(Call("todo_write", {"todos": plan}),)), *(read(file, 1 + n * 400) for n in range(7))
    )
    server.play(*[Reply("It says nothing of a poem.")] * 9)
    opened = await open_session(WINDOW, asker=None)
    events = [*await said(opened, TASK), *await said(opened, "go on")]
    await opened.close()
    assert len(CODE) > 200_000 and any(isinstance(e, Compacted) for e in events)
    for request in asked(server):
        assert "ZANZIBAR" in words_of(request, "user")
    assert events[-1].reason == "done"


async def test_after_a_summary_the_prompt_has_the_task_the_todos_the_files_and_the_place(
    server: OllamaServer, program: Program
) -> None:
    (program.project / "a.py").write_text("one\n")
    todos = [
        {"id": "1", "content": "look at a.py", "status": "completed"},
        {"id": "2", "content": "find the poet", "status": "in_progress"},
    ]
    server.play(Reply(calls=(Call("todo_write", {"todos": todos}), Call("read_file", {"path": "a.py"}))))
    server.play(Reply("Working."), Reply("THE SUMMARY"), Reply("Still working."))
    opened = await open_session(WINDOW, asker=None)
    await said(opened, TASK)
    await said(opened, "word " * 5000)
    last = asked(server)[-1]
    await opened.close()
    [opening] = [m for m in messages_of(last) if m["role"] == "user"]
    for part in (TASK, "THE SUMMARY", "find the poet", "a.py", f"Folder: {program.project}"):
        assert part in str(opening["content"])
    assert "look at a.py" not in str(opening["content"])


async def test_a_smaller_window_than_asked_for_is_adopted_and_the_session_goes_on(
    server: OllamaServer,
) -> None:
    server.play(*[Reply("Fine.")] * 12)
    opened = await open_session(WINDOW, asker=None)
    for _ in range(4):
        await said(opened, "word " * 800)
    server.add_model("tiny:latest", context_length=4096)
    events = await said(opened, "word " * 800)
    refused = [e for e in events if isinstance(e, Retried)]
    assert (len(refused), events[-1].reason, opened.session.history[-1].text) == (1, "done", "Fine.")
    assert any(isinstance(e, Notice) and "4,096 tokens, not the 8,192" in e.text for e in events)
    assert opened.session.tokens_used < opened.session.overview().num_ctx == 4096
    assert [e.num_ctx for e in events if isinstance(e, UsageReported)][-1] == 4096
    await opened.close()


@pytest.mark.parametrize(
    "words",
    [
        "the prompt is longer than the context length currently available to the model; shorten the prompt",
        "the input length exceeds the context length",
    ],
)
async def test_a_refusal_without_numbers_is_met_with_a_shorter_prompt(
    server: OllamaServer, words: str
) -> None:
    server.play(*[Reply("Fine.")] * 4, Fault.status(400, words), *[Reply("Short.")] * 2)
    opened = await open_session(WINDOW, asker=None)
    for _ in range(4):
        await said(opened, "word " * 800)
    events = await said(opened, "and now?")
    await opened.close()
    sent = [len(request.body) for request in asked(server)]
    assert (events[-1].reason, opened.session.history[-1].text) == ("done", "Short.")
    assert sent[-1] < sent[3]


async def test_a_server_that_refuses_again_is_named_in_an_error_that_says_what_to_do(
    server: OllamaServer,
) -> None:
    refusal = Fault.status(400, "the input length exceeds the context length")
    server.play(Reply("Fine."), Reply("Fine."), refusal, Reply("SUMMARY"), refusal, Reply("never"))
    opened = await open_session(WINDOW, asker=None)
    await said(opened, "word " * 800)
    await said(opened, "word " * 800)
    last = (await said(opened, "and now?"))[-1]
    await opened.close()
    assert isinstance(last, TurnFinished) and last.reason == "failed"
    assert "--num-ctx" in last.detail and server.unplayed == 1


def test_a_flood_on_stdin_is_answered(server: OllamaServer, program: Program) -> None:
    server.play(Reply("Many."))
    ran = program.run("-p", "How many?", "--num-ctx", "8192", stdin=b"y\n" * 400_000)
    assert (ran.code, ran.out) == (0, "Many.\n")
    assert "characters were left out" in ran.err and "How many?" in words_of(asked(server)[-1], "user")


async def test_one_message_that_the_server_refuses_loses_its_middle(server: OllamaServer) -> None:
    server.play(Reply("refused"), Reply("Many."))
    server.add_model("tiny:latest", context_length=4096)
    opened = await open_session(Options(num_ctx=8192), asker=None)
    server.add_model("tiny:latest", context_length=2048)
    events = await said(opened, f"{TASK} {'word ' * 1500}")
    await opened.close()
    assert events[-1].reason == "done"
    assert TASK in words_of(asked(server)[-1], "user")
