"""Whole files or none."""

import os
import stat
from pathlib import Path

import pytest

from ollama_code.storage.atomic import private_directory, write_atomic
from tests.unprivileged import run_as_nobody


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_file_and_new_folders_belong_to_the_user_alone(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a/b/file", b"data")
    assert (tmp_path / "a/b/file").read_bytes() == b"data"
    assert (mode(tmp_path / "a"), mode(tmp_path / "a/b"), mode(tmp_path / "a/b/file")) == (
        0o700,
        0o700,
        0o600,
    )


def test_the_mode_does_not_depend_on_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_atomic(tmp_path / "file", b"", mode=0o644)
    finally:
        os.umask(before)
    assert mode(tmp_path / "file") == 0o644


def test_replacing_leaves_no_draft_behind(tmp_path: Path) -> None:
    write_atomic(tmp_path / "file", b"old")
    write_atomic(tmp_path / "file", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"new"


def test_a_failed_replacement_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    with pytest.raises(IsADirectoryError):
        write_atomic(tmp_path / "target", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_a_link_is_replaced_and_its_target_stays(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"mine")
    (tmp_path / "link").symlink_to("target")
    write_atomic(tmp_path / "link", b"new")
    assert (tmp_path / "target").read_bytes() == b"mine"
    assert not (tmp_path / "link").is_symlink()


def test_an_existing_folder_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    private_directory(tmp_path)
    assert mode(tmp_path) == 0o755


def test_a_folder_of_someone_else_refuses() -> None:
    code = """
from pathlib import Path
from ollama_code.storage.atomic import write_atomic
def main():
    try:
        write_atomic(Path("/etc/ollama-code-test/file"), b"x")
    except PermissionError:
        print("refused")
"""
    assert run_as_nobody(code) == "refused\n"
