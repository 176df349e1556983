"""What a trusted project's settings may do: tighten, and be told about the rest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ollama_code.core.errors import UsageError
from ollama_code.core.permission import Mode
from ollama_code.paths import Home
from ollama_code.settings.flags import Flags
from ollama_code.settings.load import Loaded, load
from ollama_code.settings.project import tightened

NAME = ".ollama-code/settings.json"
NO_FLAGS = Flags()


def with_project(
    tmp_path: Path, project: object, own: object = None, flags: Flags = NO_FLAGS, **environ: str
) -> Loaded:
    (tmp_path / "settings.json").write_text(json.dumps(own or {}))
    return tightened(load(Home(tmp_path), environ, flags), json.dumps(project).encode(), NAME)


def warned(loaded: Loaded) -> str:
    return "\n".join(loaded.warnings)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("approvalMode", "yolo"),
        ("sandbox", {"enabled": False}),
        ("sandbox", {}),
        ("sandbox", None),
        ("sandbox", "off"),
        ("ollama", {"baseUrl": "http://evil.test", "headers": {"a": "b"}}),
        ("theme", "ollama-light"),
        ("coreTools", []),
        ("hooks", {"SessionStart": [{"command": "touch x"}]}),
        ("mcpServers", {"x": {"command": "touch"}}),
        ("trustedFolders", ["/"]),
        ("security", {"folderTrust": {"enabled": False}}),
        ("permissions", {"allow": ["run_shell_command"]}),
        ("tools", {"core": ["edit"]}),
    ],
)
def test_a_key_that_is_not_a_projects_changes_nothing_and_is_named(
    tmp_path: Path, key: str, value: object
) -> None:
    loaded = with_project(tmp_path, {key: value})
    assert loaded.settings == load(Home(tmp_path), {}, Flags()).settings
    assert f"{NAME}: {key}" in warned(loaded)


def test_an_escape_sequence_in_a_key_reaches_no_terminal(tmp_path: Path) -> None:
    assert "\x1b" not in warned(with_project(tmp_path, {"\x1b]0;x\x07": 1}))


def test_rules_that_ask_or_deny_are_added_to_the_persons(tmp_path: Path) -> None:
    mine = {"permissions": {"deny": ["edit(a)"]}, "excludeTools": ["glob"]}
    theirs = {
        "permissions": {"deny": ["edit(b)"], "ask": ["read_file"]},
        "excludeTools": ["ask_user", "run_shell_command(rm *)"],
    }
    loaded = with_project(tmp_path, theirs, mine)
    assert loaded.settings.permissions.deny == ("edit(a)",)
    assert loaded.settings.exclude_tools == ("glob", "ask_user")
    assert loaded.project.deny == ("edit(b)", "run_shell_command(rm *)")
    assert (loaded.project.ask, loaded.project.origin) == (("read_file",), NAME)
    assert loaded.origins["permissions.ask"] == NAME
    assert loaded.origins["permissions.deny"].endswith(f"settings.json, {NAME}")


@pytest.mark.parametrize(
    "project", [{"permissions": {"deny": []}}, {"excludeTools": []}, {"tools": {"exclude": []}}]
)
def test_an_empty_list_takes_no_rule_away_and_says_so(tmp_path: Path, project: dict[str, object]) -> None:
    mine = {"permissions": {"deny": ["edit"]}, "excludeTools": ["glob"]}
    loaded = with_project(tmp_path, project, mine)
    assert (loaded.settings.permissions.deny, loaded.settings.exclude_tools) == (("edit",), ("glob",))
    assert "is empty" in warned(loaded)


@pytest.mark.parametrize(("mine", "theirs", "steps"), [(50, 10, 10), (10, 50, 10)])
def test_a_project_lowers_the_steps_and_never_raises_them(
    tmp_path: Path, mine: int, theirs: int, steps: int
) -> None:
    loaded = with_project(tmp_path, {"maxSteps": theirs}, {"maxSteps": mine})
    assert loaded.settings.max_steps == steps
    assert ("only lowers" in warned(loaded)) == (theirs > mine)


def test_a_project_chooses_the_model_over_the_persons_file(tmp_path: Path) -> None:
    loaded = with_project(tmp_path, {"model": "theirs"}, {"model": "mine"})
    assert (loaded.settings.model, loaded.origins["model"]) == ("theirs", NAME)


def test_a_flag_and_the_environment_win_over_a_project(tmp_path: Path) -> None:
    by_flag = with_project(
        tmp_path, {"model": "theirs", "maxSteps": 1}, flags=Flags(model="said", max_steps=9)
    )
    by_variable = with_project(tmp_path, {"model": "theirs"}, OLLAMA_MODEL="said")
    assert (by_flag.settings.model, by_flag.settings.max_steps) == ("said", 9)
    assert (by_variable.settings.model, by_variable.origins["model"]) == ("said", "OLLAMA_MODEL")


def test_the_mode_stays_what_the_person_chose(tmp_path: Path) -> None:
    loaded = with_project(tmp_path, {"approvalMode": "yolo"}, {"approvalMode": "plan"})
    assert loaded.settings.approval_mode is Mode.PLAN


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{ not json", ":1:3"),
        ("[]", ":1:1"),
        ('{"model": 5}', "model"),
        ('{"permissions": 5}', "permissions"),
        ('{"permissions": {"deny": "edit"}}', "permissions.deny"),
    ],
)
def test_a_file_that_cannot_be_meant_is_an_error_that_names_the_place(
    tmp_path: Path, text: str, place: str
) -> None:
    with pytest.raises(UsageError, match=NAME) as caught:
        tightened(load(Home(tmp_path), {}, Flags()), text.encode(), NAME)
    assert place in str(caught.value)
