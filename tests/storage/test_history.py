"""Prompts kept across sessions."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from ollama_code.frontends.repl.history import PromptHistory
from ollama_code.storage.history import InputHistory

WRITER = """
import sys
from pathlib import Path
from ollama_code.storage.history import InputHistory
print("ready", flush=True)
sys.stdin.readline()
for number in range(100):
    InputHistory(Path(sys.argv[1])).append(f"{sys.argv[2]}-{number}-" + "x" * 15_000)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home/history.jsonl"


def test_entries_come_back_oldest_first_and_whole(path: Path) -> None:
    for text in ["one", "two\nlines\ttab", "日本語 🦙", ""]:
        InputHistory(path).append(text)
    assert InputHistory(path).load() == ["one", "two\nlines\ttab", "日本語 🦙", ""]


def test_only_the_newest_are_loaded(path: Path) -> None:
    for number in range(5):
        InputHistory(path).append(str(number))
    assert InputHistory(path).load(most=2) == ["3", "4"]
    assert InputHistory(path).load(most=0) == []


def test_the_file_is_for_its_owner_alone(path: Path) -> None:
    InputHistory(path).append("secret")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_loading_creates_nothing(path: Path) -> None:
    assert InputHistory(path).load() == []
    assert not path.parent.exists()


def test_rows_that_are_no_string_are_passed_over(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b'"a"\n{"b": 1}\n\xff\xfe\n\n' + b"[" * 100_000 + b'\n"c"\n"torn')
    assert InputHistory(path).load() == ["a", "c"]


def test_a_torn_row_takes_only_itself_along(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b'"a"\n"torn')
    InputHistory(path).append("b")
    assert InputHistory(path).load() == ["a", "b"]


def test_a_file_grown_too_large_keeps_its_newest_half(path: Path) -> None:
    history = InputHistory(path)
    for number in range(250):
        history.append(f"{number:03}" + "x" * 10_000)
    assert path.stat().st_size <= 2 << 20
    kept = [text[:3] for text in history.load()]
    assert kept == [f"{number:03}" for number in range(250 - len(kept), 250)]
    assert len(kept) > 100
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_pasted_file_is_not_kept(path: Path) -> None:
    InputHistory(path).append("a")
    InputHistory(path).append("x" * 1_000_000)
    assert InputHistory(path).load() == ["a"]


def test_two_processes_lose_and_tear_nothing(path: Path) -> None:
    """3 MB in all, so that trims happen while the other one appends."""
    root = Path(__file__).parents[2]
    pipe = subprocess.PIPE
    with (
        subprocess.Popen([sys.executable, "-c", WRITER, path, "a"], stdin=pipe, stdout=pipe, cwd=root) as one,
        subprocess.Popen([sys.executable, "-c", WRITER, path, "b"], stdin=pipe, stdout=pipe, cwd=root) as two,
    ):
        for child in (one, two):
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
        for child in (one, two):
            assert child.stdin is not None
            child.stdin.close()
    rows = [json.loads(row).split("-") for row in path.read_bytes().splitlines()]
    for writer in "ab":
        numbers = [int(number) for name, number, _ in rows if name == writer]
        assert numbers == list(range(100 - len(numbers), 100))


def test_a_stuck_lock_loses_no_prompt(path: Path) -> None:
    InputHistory(path).append("a")
    with FileLock(path.with_name("history.jsonl.lock")):
        InputHistory(path).append("b")
    assert InputHistory(path).load() == ["a", "b"]


def test_a_place_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file in the way")
    history = InputHistory(tmp_path / "home/history.jsonl")
    history.append("a")
    assert history.load() == []


def test_the_plain_face_shares_the_file(path: Path) -> None:
    plain = PromptHistory(path)
    plain.store_string("a")
    plain.store_string("b\nc")
    assert list(plain.load_history_strings()) == ["b\nc", "a"]
    assert InputHistory(path).load() == ["a", "b\nc"]


def test_a_token_is_not_kept_and_the_rest_of_the_prompt_is(tmp_path: Path) -> None:
    history = InputHistory(tmp_path / "history.jsonl")
    history.append("use ghp_0123456789abcdefABCDEF for token = get_token()")
    assert history.load() == ["use <secret> for token = get_token()"]
