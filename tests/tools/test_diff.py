from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_code.tools.files.diff import diff_block

LINES = st.lists(st.sampled_from(["a", "b", "c", "", "-x", "+y"]), max_size=30)
TEXT = st.tuples(LINES, st.booleans()).map(lambda t: "\n".join(t[0]) + ("\n" if t[0] and t[1] else ""))


@pytest.mark.skipif(shutil.which("git") is None, reason="needs the git program")
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "a\nb\n"),
        ("a\nb\n", ""),
        ("a\nb", "a\nb\n"),
        ("".join(f"{n}\n" for n in range(40)), "".join(f"{n * (n != 20)}\n" for n in range(1, 41))),
        (
            "".join(f"x{n}\n" for n in range(3000)),
            "head\n" + "".join(f"y{n}\n" for n in range(2500)) + "x2999\n",
        ),
    ],
)
def test_git_can_apply_the_patch(tmp_path: Path, before: str, after: str) -> None:
    (tmp_path / "f").write_text(before)
    block = diff_block("f", before, after)
    if "not shown" in block.patch:
        assert block.added == 2501
        return
    patch = f"--- a/f\n+++ b/f\n{block.patch}"
    subprocess.run(["git", "apply", "--unidiff-zero", "-"], cwd=tmp_path, input=patch, text=True, check=True)
    assert (tmp_path / "f").read_text() == after


@given(TEXT, TEXT)
def test_added_and_removed_lines_account_for_the_difference_in_length(before: str, after: str) -> None:
    block = diff_block("f", before, after)
    assert block.added - block.removed == len(after.splitlines()) - len(before.splitlines())
    assert (block.patch == "") == (before == after)


def test_a_huge_change_is_cut_and_counted() -> None:
    block = diff_block("f", "", "x\n" * 5000)
    assert block.added == 5000
    assert block.patch.endswith("\\ 3,001 more lines of this change are not shown\n")
