"""The corpus of recorded turns, and the dialects of our own finding, through the product's ladder."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.recovery.corpus import results

DATA = Path(__file__).parents[1] / "data"
CASES = [
    pytest.param(json.loads(line), id=json.loads(line)["id"])
    for name in ("recovery.jsonl", "recovery-own.jsonl")
    for line in (DATA / name).read_text(encoding="utf-8").split("\n")
    if line
]


@pytest.mark.parametrize("case", CASES)
def test_turn_means_what_the_corpus_says(case):
    faults = {result.reading: result.faults for result in results(case) if result.faults}
    assert not faults


def run(file: Path) -> subprocess.CompletedProcess[str]:
    program = Path(__file__).with_name("run.py")
    return subprocess.run(
        [sys.executable, str(program), str(file)], capture_output=True, text=True, timeout=50
    )


def test_runner_counts_each_reading_and_ends_with_the_sums(tmp_path: Path):
    case = CASES[1].values[0]
    (tmp_path / "one.jsonl").write_text(json.dumps(case) + "\n", encoding="utf-8")
    done = run(tmp_path / "one.jsonl")
    assert done.stdout.splitlines() == ["invented: 0, misnamed: 0", "2 passed, 0 failed"]
    assert done.returncode == 0


def test_runner_names_what_differs_and_fails(tmp_path: Path):
    case = CASES[1].values[0] | {
        "expect": [{"name": "glob", "arguments": {"absolute_path": "/home/dev/lib/util.ts"}}]
    }
    (tmp_path / "one.jsonl").write_text(json.dumps(case), encoding="utf-8")
    done = run(tmp_path / "one.jsonl")
    assert case["id"] in done.stdout and "read_file" in done.stdout
    assert done.stdout.splitlines()[-2:] == ["invented: 2, misnamed: 2", "0 passed, 2 failed"]
    assert done.returncode == 1


@pytest.mark.parametrize(
    "change", [{"colour": 1}, {"tap": {"text": "", "colour": 1}}, {"error": {"colour": 1}}]
)
def test_runner_takes_an_unknown_key_for_a_failure(tmp_path: Path, change):
    (tmp_path / "one.jsonl").write_text(json.dumps(CASES[1].values[0] | change), encoding="utf-8")
    assert run(tmp_path / "one.jsonl").returncode == 1
