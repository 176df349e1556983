"""The journal as it is written: what, how, and what happens when it cannot be."""

import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ollama_code.core.errors import SessionError
from ollama_code.core.events import EVENT, Notice, PhaseChanged, TextDelta, ThinkingDelta, ToolProgressed
from ollama_code.core.phase import Phase
from ollama_code.storage.journal import Journal
from ollama_code.storage.replay import replay
from tests.storage.samples import STARTED, said, texts
from tests.unprivileged import folder_of_nobody, run_as_nobody

WRITER = """
import sys
from pathlib import Path
from ollama_code.storage.journal import Journal
from tests.storage.samples import STARTED, said
journal = Journal(Path(sys.argv[1]))
journal(STARTED)
for number in range(4000):
    journal(said(f"{number} " + "x" * 5000))
    if number == 20:
        print("on my way", flush=True)
sys.stdin.read()
"""


@contextmanager
def another_writer(path: Path) -> Iterator[None]:
    """A process in the middle of writing at `path`; killed at the end."""
    root = Path(__file__).parents[2]
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", WRITER, path], stdin=pipe, stdout=pipe, cwd=root) as child:
        try:
            assert child.stdout is not None
            child.stdout.readline()
            yield
        finally:
            child.kill()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"a small file system cannot be mounted here: {done.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def test_each_event_is_one_line_on_disk_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a/journal.jsonl"
    journal = Journal(path)
    for count, event in enumerate((STARTED, said("one\ntwo\u2028"), Notice(text="three")), start=1):
        journal(event)
        lines = path.read_bytes().split(b"\n")
        assert EVENT.validate_json(lines[count - 1]) == event
        assert lines[count:] == [b""]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_what_a_later_message_repeats_is_not_written(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    for event in (
        TextDelta(text="x"),
        ThinkingDelta(text="x"),
        ToolProgressed(call_id="1", text="x"),
        PhaseChanged(phase=Phase(name="loading")),
    ):
        journal(event)
    assert (tmp_path / "journal.jsonl").read_bytes() == b""


def test_a_second_writer_is_told_who_is_in_the_way(tmp_path: Path) -> None:
    path = tmp_path / "s1/journal.jsonl"
    with another_writer(path), pytest.raises(SessionError, match="s1 is open in another running ollama-code"):
        Journal(path)


def test_closing_lets_the_next_writer_in(tmp_path: Path) -> None:
    first = Journal(tmp_path / "journal.jsonl")
    first(STARTED)
    first.close()
    first.close()
    first(said("too late"))
    second = Journal(tmp_path / "journal.jsonl")
    second(said("next"))
    assert texts(replay(tmp_path / "journal.jsonl").history) == ["next"]


def test_a_killed_writer_leaves_a_journal_that_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with another_writer(path):
        pass
    before = texts(replay(path).history)
    assert [int(text.split()[0]) for text in before] == list(range(len(before)))
    assert 20 <= len(before) < 4000
    Journal(path)(said("after"))
    assert texts(replay(path).history) == [*before, "after"]


def test_a_full_disk_loses_nothing_once_there_is_room(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 40_000)
    journal = Journal(small_disk / "s/journal.jsonl")
    journal(STARTED)
    messages = [str(number) * 3000 for number in range(9)]
    for message in messages:
        journal(said(message))
    assert "No space left on device" in journal.trouble
    assert len(replay(small_disk / "s/journal.jsonl").history) < len(messages)
    ballast.unlink()
    journal(said("room again"))
    assert journal.trouble == ""
    found = replay(small_disk / "s/journal.jsonl")
    assert texts(found.history) == [*messages, "room again"]
    assert found.torn_lines == 0


def test_a_disk_that_stays_full_is_still_said_after_closing(small_disk: Path) -> None:
    journal = Journal(small_disk / "journal.jsonl")
    journal(said("x" * 100_000))
    journal.close()
    assert "is lost when the program ends" in journal.trouble
    assert (small_disk / "journal.jsonl").stat().st_size < 100_000


def test_a_folder_without_write_access_is_trouble_and_no_end() -> None:
    code = """
import os
from pathlib import Path
from ollama_code.storage.journal import Journal
from tests.storage.samples import STARTED, said
def main(folder):
    os.chmod(folder, 0o500)
    journal = Journal(Path(folder) / "s/journal.jsonl")
    print(journal.trouble)
    journal(STARTED)
    journal(said("kept"))
    os.chmod(folder, 0o700)
    journal(said("written"))
    print([journal.trouble])
    journal.close()
"""
    with folder_of_nobody() as folder:
        told, after = run_as_nobody(code, folder).splitlines()
        assert "Permission denied" in told
        assert str(folder / "s/journal.jsonl") in told
        assert after == "['']"
        assert texts(replay(folder / "s/journal.jsonl").history) == ["kept", "written"]


def test_a_link_in_place_of_the_journal_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"mine")
    (tmp_path / "journal.jsonl").symlink_to("precious")
    journal = Journal(tmp_path / "journal.jsonl")
    journal(STARTED)
    assert journal.trouble
    assert (tmp_path / "precious").read_bytes() == b"mine"
