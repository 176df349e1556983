"""What a folder holds for the program itself, in real folders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ollama_code.workspace.belongings import (
    COMMANDS,
    FILE_LIMIT_BYTES,
    FILES_LIMIT,
    SETTINGS,
    read_belongings,
)


def put(root: Path, path: str, text: str = "x") -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_a_folder_without_anything_of_ours_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".ollama-code").mkdir()
    put(tmp_path, "src/settings.json")
    assert read_belongings(tmp_path).files == {}


def test_settings_servers_commands_agents_and_skills_are_found(tmp_path: Path) -> None:
    paths = [
        ".mcp.json",
        ".ollama-code/agents/a.md",
        ".ollama-code/commands/c.toml",
        ".ollama-code/commands/deep/b.md",
        ".ollama-code/settings.json",
        ".ollama-code/skills/s/SKILL.md",
        ".ollama-code/skills/s/run.py",
    ]
    for path in paths:
        put(tmp_path, path)
    put(tmp_path, ".ollama-code/commands/notes.txt")
    put(tmp_path, ".ollama-code/else.json")
    found = read_belongings(tmp_path)
    assert (list(found.files), found.troubles) == (paths, ())
    assert sorted(found.below(COMMANDS)) == ["c.toml", "deep/b.md"]


def test_nothing_above_the_folder_is_looked_at(tmp_path: Path) -> None:
    put(tmp_path, SETTINGS)
    (tmp_path / "project").mkdir()
    assert read_belongings(tmp_path / "project").files == {}


@pytest.mark.parametrize(
    "linked", [SETTINGS, ".ollama-code", ".ollama-code/commands", ".ollama-code/commands/x.md"]
)
def test_a_symbolic_link_is_not_followed_and_named(tmp_path: Path, linked: str) -> None:
    put(tmp_path, "outside/settings.json")
    put(tmp_path, "outside/commands/x.md")
    project = tmp_path / "project"
    link = project / linked
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / "outside" if link.suffix == "" else put(tmp_path, "outside/target"))
    found = read_belongings(project)
    assert found.files == {}
    assert "symbolic link" in found.troubles[0]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / ".ollama-code").mkdir()
    os.mkfifo(tmp_path / SETTINGS)
    found = read_belongings(tmp_path)
    assert (found.files, found.troubles) == ({}, (f"{SETTINGS} is not a plain file: it is not read.",))


def test_what_is_too_large_is_left_out_and_named(tmp_path: Path) -> None:
    put(tmp_path, SETTINGS, "x" * (FILE_LIMIT_BYTES + 1))
    found = read_belongings(tmp_path)
    assert (found.files, len(found.troubles)) == ({}, 1)


def test_no_more_files_are_read_than_anyone_looks_through(tmp_path: Path) -> None:
    for number in range(FILES_LIMIT + 5):
        put(tmp_path, f"{COMMANDS}/c{number}.md")
    found = read_belongings(tmp_path)
    assert len(found.files) == FILES_LIMIT
    assert "the rest is not read" in found.troubles[0]


def test_a_name_that_is_no_text_is_passed_over(tmp_path: Path) -> None:
    put(tmp_path, f"{COMMANDS}/good.md")
    Path(os.fsdecode(os.fsencode(str(tmp_path / COMMANDS)) + b"/bad\xff.md")).write_text("x")
    assert list(read_belongings(tmp_path).below(COMMANDS)) == ["good.md"]


def test_the_persons_own_folder_is_no_projects(tmp_path: Path) -> None:
    put(tmp_path, SETTINGS)
    put(tmp_path, ".mcp.json")
    assert list(read_belongings(tmp_path, apart_from=tmp_path / ".ollama-code").files) == [".mcp.json"]


def test_a_folder_that_is_gone_holds_nothing(tmp_path: Path) -> None:
    assert read_belongings(tmp_path / "gone").files == {}
