"""The audit log on the disk: whole lines, for this user alone, without secrets, a file for each day."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ollama_code.core.audit import Decided, Ran
from ollama_code.core.redact import Redactor
from ollama_code.storage.audit import AuditLog, Header, read_audit

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
RAN = Ran(call="c1", agent="main", tool="edit", outcome="done", duration_s=0.25)


def log(folder: Path, now: datetime = NOON) -> AuditLog:
    header = Header("s1", "tui", "/project", lambda: "bwrap")
    return AuditLog(folder, header, Redactor(["hunter2hunter2"]).likely, lambda: now)


def decided(arguments: str = "{}", **more: object) -> Decided:
    return Decided.model_validate(
        {
            "call": "c1",
            "agent": "main",
            "tool": "edit",
            "arguments": arguments,
            "verdict": "allow",
            "by": "person",
        }
        | more
    )


def rows(folder: Path) -> list[dict[str, object]]:
    return list(read_audit(folder))


def test_a_line_says_when_who_and_what(tmp_path: Path):
    log(tmp_path)(decided(scopes=("edit(a)",), why="auto-edit mode"))
    [row] = rows(tmp_path)
    assert row["time"] == "2026-11-21T12:00:00.000+00:00"
    assert (row["session"], row["caller"], row["sandbox"]) == ("s1", "tui", "bwrap")
    assert (row["what"], row["verdict"], row["scopes"]) == ("decided", "allow", ["edit(a)"])


def test_it_is_for_this_user_alone_and_only_grows(tmp_path: Path):
    folder = tmp_path / "audit"
    log(folder)(decided())
    first = (folder / "2026-11-21.jsonl").read_bytes()
    log(folder)(RAN)
    assert (folder / "2026-11-21.jsonl").read_bytes().startswith(first)
    assert [row["what"] for row in rows(folder)] == ["decided", "ran"]
    assert (folder.stat().st_mode & 0o777, (folder / "2026-11-21.jsonl").stat().st_mode & 0o777) == (
        0o700,
        0o600,
    )


def test_each_day_has_its_file_and_reading_can_begin_with_one(tmp_path: Path):
    log(tmp_path)(decided())
    log(tmp_path, NOON.replace(day=22))(RAN)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2026-11-21.jsonl", "2026-11-22.jsonl"]
    assert [row["what"] for row in read_audit(tmp_path, date(2026, 11, 22))] == ["ran"]


def test_secrets_and_steering_characters_do_not_reach_the_disk(tmp_path: Path):
    log(tmp_path)(decided('{"command": "x hunter2hunter2 \x1b[2J \u202e"}', cautions=("hunter2hunter2",)))
    data = (tmp_path / "2026-11-21.jsonl").read_bytes()
    assert b"hunter2" not in data
    assert data.isascii() and b"\x1b" not in data and data.count(b"\n") == 1


def test_a_long_text_is_cut_and_its_digest_stands_beside(tmp_path: Path):
    text = "é" * 10_000
    log(tmp_path)(decided(text))
    [row] = rows(tmp_path)
    assert row["arguments_sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert len(str(row["arguments"]).encode()) <= 4096


def test_lines_of_several_writers_stay_whole(tmp_path: Path):
    with ThreadPoolExecutor(8) as pool:
        for writer in range(8):
            pool.submit(lambda writer=writer: [log(tmp_path)(decided(f"{writer}" * 3000)) for _ in range(20)])
    assert len(rows(tmp_path)) == 160


def test_what_cannot_be_written_is_told_and_stops_nothing(tmp_path: Path):
    (tmp_path / "audit").write_text("in the way")
    writer = log(tmp_path / "audit")
    writer(decided())
    assert "cannot be written" in writer.trouble


def test_a_link_in_its_place_is_not_followed(tmp_path: Path):
    (tmp_path / "audit").mkdir()
    (tmp_path / "audit" / "2026-11-21.jsonl").symlink_to(tmp_path / "victim")
    writer = log(tmp_path / "audit")
    writer(decided())
    assert writer.trouble and not (tmp_path / "victim").exists()


@pytest.mark.parametrize("torn", ['{"time": "2026', "[1]", "", "\udcff"])
def test_a_torn_line_hides_no_other(tmp_path: Path, torn: str):
    file = tmp_path / "2026-11-21.jsonl"
    file.write_bytes(
        torn.encode(errors="surrogateescape") + b"\n" + json.dumps({"what": "ran"}).encode() + b"\n"
    )
    (tmp_path / "notes.jsonl").write_text("{}\n")
    assert rows(tmp_path) == [{"what": "ran"}]
