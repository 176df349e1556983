"""Names, places and order of the sessions of a folder."""

import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from ollama_code.core.errors import UsageError
from ollama_code.core.events import Event, Notice
from ollama_code.storage.journal import Journal
from ollama_code.storage.sessions import latest, listed, new_session, session
from tests.storage.samples import STARTED, said

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)


def make(sessions: Path, id: str, at: int, *events: Event) -> None:
    path = session(sessions, id).journal
    journal = Journal(path)
    for event in (STARTED, *events):
        journal(event)
    journal.close()
    os.utime(path, (at, at))


def test_a_new_id_sorts_by_time_and_creates_nothing(tmp_path: Path) -> None:
    folder = new_session(tmp_path / "sessions", NOW)
    assert folder.id.startswith("20260314-150926-")
    assert folder.id < new_session(tmp_path / "sessions", NOW + timedelta(seconds=1)).id
    assert session(tmp_path / "sessions", folder.id) == folder
    assert not (tmp_path / "sessions").exists()


def test_the_time_in_an_id_is_utc(tmp_path: Path) -> None:
    local = NOW.astimezone(timezone(timedelta(hours=9)))
    assert new_session(tmp_path, local).id.startswith("20260314-150926-")


def test_everything_of_a_session_is_below_its_folder(tmp_path: Path) -> None:
    folder = session(tmp_path, "20260314-150926-1a2b")
    assert folder.journal == tmp_path / "20260314-150926-1a2b/journal.jsonl"
    assert folder.outputs == tmp_path / "20260314-150926-1a2b/outputs"
    assert folder.jobs == tmp_path / "20260314-150926-1a2b/jobs"


@pytest.mark.parametrize("id", ["", "..", ".", "a/b", "../x", "/etc", "a\\b", "a\n", "a\0", "-c", "x" * 65])
def test_an_id_that_is_no_plain_name_is_refused(tmp_path: Path, id: str) -> None:
    with pytest.raises(UsageError, match="is not the id of a session"):
        session(tmp_path, id)


def test_the_list_starts_with_the_one_written_last(tmp_path: Path) -> None:
    make(tmp_path, "a", 300, said("older, but used again"))
    make(tmp_path, "b", 100, said("oldest"))
    make(tmp_path, "c", 200, Notice(text="hi"), said("newer"), said("more"))
    assert [(one.folder.id, one.text) for one in listed(tmp_path)] == [
        ("a", "older, but used again"),
        ("c", "newer"),
        ("b", "oldest"),
    ]
    assert listed(tmp_path)[0].last_activity == datetime.fromtimestamp(300, UTC)
    assert listed(tmp_path)[0].model == "m:1b"


def test_the_latest_is_one_in_which_the_person_said_something(tmp_path: Path) -> None:
    make(tmp_path, "talked", 100, said("hi"))
    make(tmp_path, "silent", 200, Notice(text="x"))
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged/journal.jsonl").write_bytes(b"\x00\x00")
    (tmp_path / "empty").mkdir()
    found = latest(tmp_path)
    assert found is not None
    assert found.folder.id == "talked"


def test_a_folder_without_sessions_has_no_latest(tmp_path: Path) -> None:
    assert latest(tmp_path / "nowhere") is None
    assert listed(tmp_path / "nowhere") == ()
