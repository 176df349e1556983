"""The fingerprint of a tree differs when a file does, and only then."""

from __future__ import annotations

import os
from pathlib import Path

from ollama_code.workspace.fingerprint import Fingerprint


async def test_an_untouched_tree_keeps_its_fingerprint(tmp_path: Path):
    (tmp_path / "a.py").write_text("1")
    print_ = Fingerprint(str(tmp_path))
    assert await print_.take() == await print_.take()


async def test_new_content_of_the_same_length_and_time_counts(tmp_path: Path):
    print_ = Fingerprint(str(tmp_path))
    file = tmp_path / "a.py"
    file.write_text("1")
    before, time_ns = await print_.take(), file.stat().st_mtime_ns
    file.write_text("2")
    os.utime(file, ns=(time_ns, time_ns))
    assert await print_.take() != before


async def test_writing_the_same_bytes_again_changes_nothing(tmp_path: Path):
    print_ = Fingerprint(str(tmp_path))
    file = tmp_path / "a.py"
    file.write_text("1")
    before = await print_.take()
    file.write_text("1")
    assert await print_.take() == before


async def test_ignored_files_do_not_count(tmp_path: Path):
    (tmp_path / ".gitignore").write_text("cache/\n")
    (tmp_path / ".git").mkdir()
    print_ = Fingerprint(str(tmp_path))
    before = await print_.take()
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "x").write_text("1")
    assert await print_.take() == before


async def test_a_tree_that_is_gone_is_never_the_same(tmp_path: Path):
    gone = Fingerprint(str(tmp_path / "gone"))
    assert await gone.take() != await gone.take()
