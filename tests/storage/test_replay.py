"""A journal read again: exactly what was written, whatever a crash did to the file."""

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import SessionError
from ollama_code.core.events import (
    EVENT,
    Event,
    MessageAdded,
    ModeChanged,
    Notice,
    TodosChanged,
    ToolFinished,
    TurnStarted,
    UsageReported,
)
from ollama_code.core.messages import AssistantMessage, Message, ToolCall, ToolMessage, UserMessage
from ollama_code.core.permission import Mode
from ollama_code.core.results import ToolFault, ToolResult
from ollama_code.core.todo import TodoItem
from ollama_code.core.usage import Usage
from ollama_code.storage.journal import Journal
from ollama_code.storage.replay import read_opening, replay
from tests.storage.samples import MESSAGES, STARTED, said, texts

CALLS = tuple(ToolCall(id=id, name="glob", arguments={}) for id in ("a", "b", "c"))


def written(folder: Path, *events: Event) -> Path:
    path = folder / "journal.jsonl"
    journal = Journal(path)
    for event in (STARTED, *events):
        journal(event)
    journal.close()
    return path


@given(st.lists(MESSAGES, max_size=8))
def test_the_history_comes_back_exactly(messages: list[Message]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), *(MessageAdded(message=message) for message in messages))
        found = replay(path)
        first = path.read_bytes()
        assert found.history == tuple(messages)
        path.unlink()
        written(Path(folder), *(MessageAdded(message=message) for message in found.history))
        assert path.read_bytes() == first


def test_the_rest_of_the_session_comes_back(tmp_path: Path) -> None:
    todos = (TodoItem(id="1", content="x"),)
    path = written(
        tmp_path,
        TodosChanged(items=()),
        TodosChanged(items=todos),
        ModeChanged(mode=Mode.YOLO),
        ModeChanged(mode=Mode.PLAN),
        UsageReported(usage=Usage(prompt_tokens=3, generated_tokens=2), num_ctx=9),
        UsageReported(usage=Usage(prompt_tokens=4), num_ctx=9, agent="helper"),
    )
    os.utime(path, (1000, 1000))
    found = replay(path)
    assert found.session == STARTED
    assert (found.todos, found.mode) == (todos, Mode.PLAN)
    assert found.usage == Usage(prompt_tokens=7, generated_tokens=2)
    assert found.last_activity == datetime.fromtimestamp(1000, UTC)


def test_how_each_call_ended_comes_back(tmp_path: Path) -> None:
    fault = ToolFault(message="no", type=ErrorType.FAILED)
    denied = ToolFault(message="no", type=ErrorType.DENIED)
    carried, own = AssistantMessage(calls=CALLS[:1]), AssistantMessage(calls=CALLS[1:])
    events = [MessageAdded(message=carried), TurnStarted(text="go"), MessageAdded(message=own)]
    for id, error in (("b", fault), ("c", None), ("d", denied)):
        events.append(ToolFinished(call_id=id, result=ToolResult(llm_content="", error=error)))
    stopped = AssistantMessage(calls=(ToolCall(id="e", name="glob", arguments={}),))
    found = replay(written(tmp_path, *events, MessageAdded(message=stopped)))
    assert found.endings == {"b": "failed", "c": "done", "d": "refused", "e": "stopped"}


def test_a_fresh_session_has_nothing_to_tell(tmp_path: Path) -> None:
    found = replay(written(tmp_path))
    assert (found.history, found.open_calls, found.todos, found.mode) == ((), (), (), None)


def test_messages_of_subagents_are_no_part_of_the_history(tmp_path: Path) -> None:
    path = written(tmp_path, said("mine"), MessageAdded(message=UserMessage(text="theirs"), agent="helper"))
    assert texts(replay(path).history) == ["mine"]


@pytest.mark.parametrize(
    ("answered", "followed", "open_ids"),
    [((), False, "abc"), (("a",), False, "bc"), (("a", "b", "c"), False, ""), (("a", "b", "c"), True, "")],
)
def test_calls_without_an_answer_at_the_end_are_named(
    tmp_path: Path, answered: tuple[str, ...], followed: bool, open_ids: str
) -> None:
    tail = [ToolMessage(call_id=id, name="glob", text="") for id in answered]
    events = [MessageAdded(message=message) for message in (AssistantMessage(calls=CALLS), *tail)]
    path = written(tmp_path, said("go"), *events, *([said("on")] if followed else []))
    assert "".join(call.id for call in replay(path).open_calls) == open_ids


def test_a_cut_at_any_byte_costs_only_the_last_line(tmp_path: Path) -> None:
    path = written(tmp_path, said("first"), said("second"))
    data = path.read_bytes()
    start = data.rindex(b"\n", 0, -1) + 1
    for end in range(start, len(data)):
        path.write_bytes(data[:end])
        complete = end == len(data) - 1
        assert texts(replay(path).history) == (["first", "second"] if complete else ["first"])
        journal = Journal(path)
        journal(said("third"))
        journal.close()
        assert texts(replay(path).history)[-1] == "third"
        assert replay(path).torn_lines == (0 if complete or end == start else 1)


@pytest.mark.parametrize(
    "damage", [b"\x00" * 50, b"\xff\xfe", b'{"type": "message_added", "mess', b"[" * 100_000, b""]
)
def test_a_damaged_line_in_the_middle_is_skipped_and_counted(tmp_path: Path, damage: bytes) -> None:
    path = written(tmp_path, said("before"))
    path.write_bytes(path.read_bytes() + damage + b"\n" + EVENT.dump_json(said("after")) + b"\n")
    found = replay(path)
    assert texts(found.history) == ["before", "after"]
    assert (found.torn_lines, found.unknown_events) == (1, 0)


@pytest.mark.parametrize(
    "line", [b'{"type": "dreamt", "of": 1}', b'{"type": "notice", "text": "x", "colour": "red"}']
)
def test_events_of_a_newer_version_are_skipped_and_counted(tmp_path: Path, line: bytes) -> None:
    path = written(tmp_path, said("before"))
    path.write_bytes(path.read_bytes() + line + b"\n")
    found = replay(path)
    assert (texts(found.history), found.torn_lines, found.unknown_events) == (["before"], 0, 1)


def test_a_message_of_a_newer_version_is_not_left_out_in_silence(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_bytes(path.read_bytes() + b'{"type": "message_added", "message": {"role": "ghost"}}\n')
    with pytest.raises(SessionError, match="Update ollama-code"):
        replay(path)


@pytest.mark.parametrize("data", [b"", b"hello\n", b'{"a": 1}\n', EVENT.dump_json(Notice(text="x")) + b"\n"])
def test_a_file_that_is_no_journal_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(data)
    with pytest.raises(SessionError, match="Start a new session"):
        replay(path)


def test_no_file_a_folder_and_a_pipe_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "none", tmp_path, tmp_path / "pipe"):
        with pytest.raises(SessionError, match="Start a new session"):
            replay(path)


def test_the_opening_is_read_without_the_rest(tmp_path: Path) -> None:
    path = written(tmp_path, Notice(text="hello"), TurnStarted(text="first"), said("first\n<date>"))
    path.write_bytes(path.read_bytes() + b'{"type": "message_added", "message": {"role": "ghost"}}\n')
    assert read_opening(path).text == "first"
