"""The tools for callers that bring their own calls: what this machine's settings add to the caller's bounds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ollama_code.bootstrap.records import redactor
from ollama_code.bootstrap.workbench import Bounds, HouseRules, Workbench
from ollama_code.core.errors import UsageError
from ollama_code.core.messages import ToolCall
from ollama_code.paths import Home
from ollama_code.settings.flags import Flags
from ollama_code.settings.load import Loaded, load


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("OLLAMA_CODE_HOME", str(tmp_path / "home"))
    (tmp_path / "home" / "proxy").mkdir(parents=True)
    return Home(tmp_path / "home")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.txt").write_text("apple plain-words-only\n")
    (folder / "b.txt").write_text("berry\n")
    return folder


def settings(home: Home, **sections: object) -> Loaded:
    home.settings.write_text(json.dumps(sections))
    home.settings.chmod(0o600)
    return load(home, {}, Flags())


async def answers(project: Path, house: HouseRules, *calls: tuple[str, dict[str, str]]) -> list[str]:
    scratch = project.parent / "scratch"
    scratch.mkdir()
    bench = Workbench(Bounds(project), scratch, house)
    try:
        return [await bench.answer(ToolCall(id="1", name=name, arguments=dict(a))) for name, a in calls]
    finally:
        await bench.close()


async def test_rules_that_deny_or_ask_hold_and_those_that_allow_do_not(home: Home, project: Path):
    rules = {
        "deny": ["read_file(a.txt)"],
        "ask": ["edit(b.txt)"],
        "allow": [f"read_file(/{project.parent}/**)"],
    }
    (project.parent / "outside.txt").write_text("pear\n")
    denied, asked, outside, allowed = await answers(
        project,
        HouseRules(loaded=settings(home, permissions=rules)),
        ("read_file", {"file_path": "a.txt"}),
        ("write_file", {"file_path": "b.txt", "content": "x"}),
        ("read_file", {"file_path": str(project.parent / "outside.txt")}),
        ("read_file", {"file_path": "b.txt"}),
    )
    assert "permissions.deny" in denied and "apple" not in denied
    assert asked.startswith("Error:") and (project / "b.txt").read_text() == "berry\n"
    assert "pear" not in outside and "berry" in allowed


async def test_a_search_does_not_open_what_may_not_be_read(home: Home, project: Path):
    loaded = settings(home, permissions={"deny": ["read_file(a.txt)"]})
    [found] = await answers(project, HouseRules(loaded=loaded), ("grep_search", {"pattern": "apple|berry"}))
    assert "berry" in found and "apple plain" not in found


async def test_a_rule_that_cannot_be_meant_is_told_before_anything_runs(home: Home, project: Path):
    with pytest.raises(UsageError, match="nonsense"):
        await answers(project, HouseRules(loaded=settings(home, permissions={"deny": ["nonsense(x)"]})))


def test_of_a_header_the_secret_is_known_and_a_usual_value_is_none(home: Home):
    headers = {"Authorization": "Bearer plain-words-only", "Accept": "application/json"}
    redact = redactor(settings(home, ollama={"headers": headers}))
    assert redact.known("plain-words-only application/json") == "<secret> application/json"


async def test_keys_of_the_settings_and_tokens_of_proxies_do_not_leave(home: Home, project: Path):
    home.token_at(11435).write_text("another-long-word\n")
    redact = redactor(settings(home, ollama={"apiKey": "plain-words-only"}))
    (project / "b.txt").write_text("another-long-word API_KEY=a8f5f167f44f4964e6c9\n")
    calls = (("read_file", {"file_path": "a.txt"}), ("read_file", {"file_path": "b.txt"}))
    first, second = await answers(project, HouseRules(hides=redact.known), *calls)
    assert "apple <secret>" in first and "<secret> API_KEY=a8f5f167f44f4964e6c9" in second
