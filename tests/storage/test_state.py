"""The small things remembered between sessions."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ollama_code.storage.state import State

WRITER = """
import sys
from pathlib import Path
from ollama_code.storage.state import State
print("ready", flush=True)
sys.stdin.readline()
for number in range(30):
    State(Path(sys.argv[1])).remember_model(f"host-{sys.argv[2]}-{number}", "m")
"""


def test_the_model_is_remembered_per_host(tmp_path: Path) -> None:
    path = tmp_path / "home/state.json"
    State(path).remember_model("http://a", "one")
    State(path).remember_model("http://b", "two")
    State(path).remember_model("http://a", "three")
    assert State(path).last_model("http://a") == "three"
    assert State(path).last_model("http://b") == "two"
    assert State(path).last_model("http://c") is None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_asking_creates_nothing(tmp_path: Path) -> None:
    assert State(tmp_path / "home/state.json").last_model("x") is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("broken", [b"{", b"[]", b"\xff", b"", b"[" * 100_000])
def test_a_broken_file_is_set_aside(tmp_path: Path, broken: bytes) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(broken)
    State(path).remember_model("host", "m")
    assert State(path).last_model("host") == "m"
    assert (tmp_path / "state.json.broken").read_bytes() == broken


def test_what_a_newer_version_remembers_survives(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text('{"windows": {"x": 1}, "models": {"a": 5}}')
    assert State(path).last_model("a") is None
    State(path).remember_model("host", "m")
    assert json.loads(path.read_text()) == {"windows": {"x": 1}, "models": {"a": 5, "host": "m"}}


def test_two_processes_forget_nothing_of_each_other(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
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
    assert len(json.loads(path.read_text())["models"]) == 60


def test_a_place_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file in the way")
    state = State(tmp_path / "home/state.json")
    state.remember_model("host", "m")
    assert state.last_model("host") is None
