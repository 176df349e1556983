"""Settings made for everybody on a machine: who may have written them, and that nobody loosens them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ollama_code.core.errors import UsageError
from ollama_code.core.permission import Mode
from ollama_code.paths import Home
from ollama_code.settings.flags import Flags
from ollama_code.settings.load import Loaded, load
from ollama_code.settings.project import tightened
from tests.unprivileged import NOBODY, folder_of_nobody, own, run_as_nobody

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files that are root's")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home", managed=tmp_path / "managed")
    home.root.mkdir()
    home.managed.mkdir(mode=0o755)
    return home


def manage(home: Home, text: str) -> Path:
    file = home.managed / "settings.json"
    file.write_text(text)
    file.chmod(0o644)
    return file


def loaded(
    home: Home, managed: object, own: object = None, flags: Flags | None = None, **environ: str
) -> Loaded:
    file = manage(home, json.dumps(managed))
    assert file.stat().st_uid == 0
    home.settings.write_text(json.dumps(own or {}))
    return load(home, environ, flags or Flags())


def test_where_nothing_is_managed_nothing_changes(home: Home) -> None:
    before = load(home, {}, Flags())
    home.managed.rmdir()
    assert load(home, {}, Flags()) == before
    assert before.boldest is Mode.YOLO and before.allows


def test_it_holds_against_the_person_the_environment_and_flags(home: Home) -> None:
    flags = Flags(model="flag", num_ctx=1024)
    managed = {"model": "managed", "ollama": {"numCtx": 4096, "baseUrl": "http://gpu"}}
    found = loaded(home, managed, {"ollama": {"keepAlive": "5m"}}, flags, OLLAMA_HOST="http://other")
    ollama = found.settings.ollama
    assert (found.settings.model, ollama.num_ctx, ollama.base_url) == ("managed", 4096, "http://gpu")
    assert ollama.keep_alive == "5m"
    assert found.origins["model"] == str(home.managed / "settings.json")
    assert {warning.split()[0] for warning in found.warnings} == {"--model", "OLLAMA_HOST", "--num-ctx"}


LIMITS = [
    ("maxSteps", 20, 50, 20),
    ("maxSteps", 20, 5, 5),
    ("sandbox.required", True, False, True),
    ("sandbox.required", False, True, True),
    ("sandbox.enabled", True, False, True),
    ("sandbox.network", False, True, False),
    ("sandbox.network", True, False, False),
    ("sandbox.writable", [], ["/opt"], ()),
    ("sandbox.environment", ["A"], ["B"], ("A",)),
    ("hideSecrets", True, False, True),
    ("approvalMode", "default", "yolo", Mode.DEFAULT),
    ("approvalMode", "auto_edit", "plan", Mode.PLAN),
]


def tree(key: str, value: object) -> dict[str, object]:
    section, _, name = key.rpartition(".")
    return {section: {name: value}} if section else {name: value}


@pytest.mark.parametrize(("key", "managed", "own", "holds"), LIMITS)
def test_of_a_limit_the_stricter_holds(
    home: Home, key: str, managed: object, own: object, holds: object
) -> None:
    settings = loaded(home, tree(key, managed), tree(key, own)).settings
    found = settings.model_dump(by_alias=True)
    for part in key.split("."):
        found = found[part]
    assert found == holds


def test_a_flag_does_not_loosen_a_limit(home: Home) -> None:
    found = loaded(home, {"approvalMode": "default", "maxSteps": 9}, {}, Flags(mode="yolo", max_steps=99))
    assert (found.settings.approval_mode, found.settings.max_steps, found.boldest) == (
        Mode.DEFAULT,
        9,
        Mode.DEFAULT,
    )
    assert {warning.split()[0] for warning in found.warnings} == {"--mode", "--max-steps"}


def test_a_flag_may_be_stricter_and_nothing_is_said_of_that(home: Home) -> None:
    found = loaded(home, {"approvalMode": "auto-edit"}, {}, Flags(mode="plan"))
    assert (found.settings.approval_mode, found.boldest, found.warnings) == (Mode.PLAN, Mode.AUTO_EDIT, ())


def test_rules_are_added_and_none_is_replaced(home: Home) -> None:
    managed = {
        "permissions": {"deny": ["edit(a)"], "allow": ["shell(make)"]},
        "excludeTools": ["glob", "shell(rm *)"],
    }
    own = {"permissions": {"deny": ["edit(b)"]}, "excludeTools": ["grep_search"]}
    found = loaded(home, managed, own)
    assert found.managed.deny == ("edit(a)", "shell(rm *)") and found.managed.allow == ("shell(make)",)
    assert found.managed.origin == str(home.managed / "settings.json")
    assert found.settings.permissions.deny == ("edit(b)",)
    assert found.settings.exclude_tools == ("grep_search", "glob")


def test_a_project_overrules_none_of_it(home: Home) -> None:
    found = loaded(home, {"model": "managed", "maxSteps": 9}, {"model": "managed"})
    project = {"model": "project", "maxSteps": 99, "permissions": {"deny": ["edit"]}}
    found = tightened(found, json.dumps(project).encode(), "project")
    assert (found.settings.model, found.settings.max_steps) == ("managed", 9)
    assert found.origins["model"] == found.managed.origin and found.project.deny == ("edit",)


def test_a_key_of_everybody_goes_to_the_server_of_everybody(home: Home) -> None:
    managed = {"ollama": {"apiKey": "everybodys-key", "baseUrl": "http://gpu"}}
    [key] = loaded(home, managed).credentials
    assert (key.host, key.api_key) == ("http://gpu", "everybodys-key")


def test_what_is_each_persons_own_and_what_is_unknown_is_told(home: Home) -> None:
    found = loaded(home, {"theme": "x", "maxStep": 3}, {"theme": "mine"})
    assert found.settings.theme == "mine" and found.settings.max_steps == 50
    assert ["theme" in found.warnings[1], "maxStep;" in found.warnings[0]] == [True, True]


def spoil_owner(home: Home) -> None:
    os.chown(home.managed / "settings.json", NOBODY, NOBODY)


def spoil_mode(home: Home) -> None:
    (home.managed / "settings.json").chmod(0o664)


def spoil_folder_owner(home: Home) -> None:
    own(home.managed)


def spoil_folder_mode(home: Home) -> None:
    home.managed.chmod(0o757)


def spoil_with_a_link(home: Home) -> None:
    (home.managed / "settings.json").rename(home.managed / "other.json")
    (home.managed / "settings.json").symlink_to("other.json")


def spoil_with_a_pipe(home: Home) -> None:
    (home.managed / "settings.json").unlink()
    os.mkfifo(home.managed / "settings.json", 0o644)


SPOILED = [
    (spoil_owner, "it does not belong to root"),
    (spoil_mode, "others than root may write it"),
    (spoil_folder_owner, "its folder does not belong to root"),
    (spoil_folder_mode, "others than root may write its folder"),
    (spoil_with_a_link, "it is a symbolic link"),
    (spoil_with_a_pipe, "it is not a regular file"),
]


@pytest.mark.parametrize(("spoil", "why"), SPOILED)
def test_what_others_may_have_written_is_not_used_and_nobody_gets_more_than_the_usual(
    home: Home, spoil, why: str
) -> None:
    manage(
        home, '{"permissions": {"allow": ["run_shell_command"]}, "model": "theirs", "approvalMode": "yolo"}'
    )
    spoil(home)
    home.settings.write_text('{"permissions": {"allow": ["edit"], "deny": ["glob"]}, "maxSteps": 3}')
    found = load(home, {}, Flags(mode="yolo"))
    [warning] = found.warnings
    assert why in warning and "no mode is bolder than default" in warning
    assert (found.settings.approval_mode, found.boldest, found.allows) == (Mode.DEFAULT, Mode.DEFAULT, False)
    assert found.settings.permissions.allow == found.managed.allow == () and found.settings.model == ""
    assert found.settings.permissions.deny == ("glob",) and found.settings.max_steps == 3


@pytest.mark.parametrize("text", ["{", '{"maxSteps": "many"}', "[]", '{"a": 1, "a": 2}', "x" * (1 << 21)])
def test_what_root_wrote_and_cannot_be_meant_stops_the_start(home: Home, text: str) -> None:
    manage(home, text)
    with pytest.raises(UsageError, match=r"managed/settings\.json"):
        load(home, {}, Flags())


READING = """
import sys
from pathlib import Path
from ollama_code.core.errors import UsageError
from ollama_code.paths import Home
from ollama_code.settings.flags import Flags
from ollama_code.settings.load import load
def main(folder):
    try:
        load(Home(Path(folder) / "home", managed=Path(folder) / "managed"), {}, Flags())
    except UsageError as e:
        print(e)
"""


@pytest.mark.parametrize("closed", ["managed", "managed/settings.json"])
def test_what_a_person_cannot_read_stops_the_start(closed: str) -> None:
    with folder_of_nobody() as folder:
        (folder / "managed").mkdir()
        manage(Home(folder, managed=folder / "managed"), "{}")
        (folder / closed).chmod(0o700)
        assert "Permission denied" in run_as_nobody(READING, folder)
