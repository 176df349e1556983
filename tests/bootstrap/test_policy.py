"""Rules of a session: gathered from everywhere, tried on their own examples."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ollama_code.bootstrap.options import Options
from ollama_code.bootstrap.policy import gather_policy
from ollama_code.core.errors import UsageError
from ollama_code.core.permission import Mode
from ollama_code.paths import Home
from ollama_code.permissions.policy import Policy
from ollama_code.settings.load import load
from tests.tools.inventory import real_tools


def gathered(tmp_path: Path, permissions: object, options: Options | None = None) -> Policy:
    options = options or Options()
    home = Home(tmp_path)
    home.settings.write_text(json.dumps({"permissions": permissions}))
    loaded = load(home, os.environ, options.flags())
    return gather_policy(options, loaded, real_tools(tmp_path), tmp_path)


def test_rules_of_the_file_and_of_flags_stand_beside_each_other(tmp_path: Path):
    options = Options(allow=("shell(make)",), deny=("edit",))
    policy = gathered(tmp_path, {"allow": ["read_file"], "deny": ["write_file(a)"]}, options)
    assert [str(rule) for rule in policy.allow] == ["read_file", "run_shell_command(make)"]
    assert [(str(rule), rule.origin) for rule in policy.deny] == [
        ("edit(a)", "permissions.deny"),
        ("edit", "--deny"),
    ]


def test_a_rule_with_examples_that_hold_is_a_rule(tmp_path: Path):
    rule = {"rule": "shell(git log *)", "match": ["git log -3"], "notMatch": ["git push"]}
    assert [str(rule) for rule in gathered(tmp_path, {"allow": [rule]}).allow] == [
        "run_shell_command(git log *)"
    ]


@pytest.mark.parametrize("section", ["allow", "ask", "deny"])
def test_a_rule_whose_example_does_not_hold_stops_the_start(tmp_path: Path, section: str):
    with pytest.raises(UsageError, match=f"permissions.{section}.*git push"):
        gathered(tmp_path, {section: [{"rule": "shell(git log *)", "match": ["git push"]}]})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files that are root's")
@pytest.mark.parametrize("spoiled", [False, True])
def test_rules_for_everybody_on_the_machine_stand_beside_the_others(tmp_path: Path, spoiled: bool):
    home = Home(tmp_path, managed=tmp_path / "managed")
    home.managed.mkdir(mode=0o755)
    rules = {"allow": ["shell(make)"], "ask": ["edit(a)"], "deny": ["read_file(b)"]}
    (home.managed / "settings.json").write_text(json.dumps({"permissions": rules, "approvalMode": "plan"}))
    (home.managed / "settings.json").chmod(0o666 if spoiled else 0o644)
    home.settings.write_text(json.dumps({"permissions": {"allow": ["edit"], "deny": ["glob"]}}))
    options = Options(allow=("shell(ls)",))
    policy = gather_policy(options, load(home, {}, options.flags()), real_tools(tmp_path), tmp_path)
    origin = str(home.managed / "settings.json")
    told = [(str(rule), rule.origin) for rule in (*policy.allow, *policy.ask, *policy.deny)]
    theirs = [("run_shell_command(make)", origin), ("edit(a)", origin), ("read_file(b)", origin)]
    assert [one for one in theirs if one in told] == ([] if spoiled else theirs)
    assert policy.boldest is (Mode.DEFAULT if spoiled else Mode.PLAN)
    assert (("glob", "permissions.deny") in told, len(policy.allow)) == (True, 0 if spoiled else 3)


@pytest.mark.parametrize(
    "workspace,boundless", [("/", True), ("~/..", True), ("~", True), ("~/project", False)]
)
def test_a_workspace_that_holds_the_home_directory_is_boundless(
    tmp_path: Path, workspace: str, boundless: bool
):
    options = Options()
    loaded = load(Home(tmp_path), os.environ, options.flags())
    policy = gather_policy(options, loaded, real_tools(tmp_path), Path(workspace).expanduser())
    assert policy.boundless is boundless
