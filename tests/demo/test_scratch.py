from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ollama_code.core.errors import OllamaCodeError
from ollama_code.demo.scratch import scratch_copy


def test_copy_holds_the_project_and_its_hidden_file(tmp_path: Path) -> None:
    root = scratch_copy(tmp_path)
    found = {str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()}
    assert {
        "README.md",
        ".gitignore",
        "sundial/roman.py",
        "tests/test_roman.py",
        "tests/__init__.py",
    } <= found


def test_copy_is_named_so_that_a_person_recognises_it(tmp_path: Path) -> None:
    root = scratch_copy(tmp_path)
    assert root.name == "sundial" and root.parent.name.startswith("ollama-code-demo-")
    assert root.parent.parent == tmp_path


def test_only_its_owner_can_enter_it(tmp_path: Path) -> None:
    assert stat.S_IMODE(scratch_copy(tmp_path).parent.stat().st_mode) == 0o700


def test_two_demos_do_not_share_a_folder(tmp_path: Path) -> None:
    assert scratch_copy(tmp_path) != scratch_copy(tmp_path)


def test_compiled_modules_of_an_installation_stay_behind(tmp_path: Path) -> None:
    assert not [p for p in scratch_copy(tmp_path).rglob("*") if p.name == "__pycache__"]


def test_a_place_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(OllamaCodeError, match="nowhere"):
        scratch_copy(tmp_path / "nowhere")


def test_the_project_tells_the_hour_it_was_asked_for(tmp_path: Path) -> None:
    root = scratch_copy(tmp_path)
    said = subprocess.run(
        [sys.executable, "-B", "-m", "sundial", "23"], cwd=root, capture_output=True, text=True, check=True
    )
    assert said.stdout == "It is night: ask the owl.\n"
