"""Whatever the analysis calls plain, the real bash runs with exactly these words and pipes, and writes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from ollama_code.permissions.shell.analysis import Plain, analyse
from tests.permissions.shell.fuzz import differences, run_by_bash, told


@pytest.mark.parametrize("seed", [11, 12])
def test_random_lines_run_what_the_analysis_says(tmp_path: Path, seed: int):
    compared, found = differences(seed, 3000, tmp_path)
    assert found == []
    assert compared > 200  # or nothing was tried


@pytest.mark.parametrize(
    "line",
    [
        "ls", "ls\ta  b", "ls 'a b' \"c d\"e", "no && ls || cat; git", "no || ls && cat", "ls | no && cat",
        "no | ls && cat",
        "ls; no\n\ncat &&\n git |\n ls", "ls 2>&1 | cat 2>/dev/null", "ls >/dev/null 2>&1",
        "ls 2>&1 >/dev/null",
        "ls &>/dev/null && cat >&2", "ls HEAD~1 a=b A=b é 中 a\\ b \\; \\*", 'ls "a\\.b" "x\\"y\\\\z" "\\`"',
        "ls 'it'\"'\"'s' '' \"\" -- -5 5", "ls 'a\nb' \"c\td\"", "ls '$x' '*' '~' \"~\" \"!\" '`'",
    ],
)  # fmt: skip
def test_a_plain_line_runs_what_the_analysis_says(tmp_path: Path, line: str):
    plain = analyse(line)
    assert isinstance(plain, Plain), plain
    assert run_by_bash(line, tmp_path) == (told(plain), ())
