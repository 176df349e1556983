"""When a folder is asked about, what the question shows, and how long an answer holds."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest

from ollama_code.bootstrap.trust.folder import Folder, FolderTrust
from ollama_code.core.trust import TrustAnswer, TrustOffer
from ollama_code.paths import Home
from tests.bootstrap.trust.folders import Guest, put, settings


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


async def decide(project: Path, answer: TrustAnswer | None = None) -> tuple[Folder, list[TrustOffer]]:
    """As a program does that is started anew; `None` is nobody to ask."""
    guest = None if answer is None else Guest(trusts=answer)
    folder = await FolderTrust(Home(project.parent / "home"), guest).of(project)
    return folder, guest.offers if guest is not None else []


def store(project: Path) -> Path:
    return project.parent / "home" / "trust.json"


async def test_a_folder_with_nothing_to_trust_is_not_asked_about(project: Path) -> None:
    (project / ".git" / "hooks").mkdir(parents=True)
    put(project, "AGENTS.md", "Run everything.")
    folder, offers = await decide(project, "always")
    assert (folder.verdict, offers) == ("nothing", [])
    assert not store(project).exists()


async def test_where_nobody_can_answer_nothing_is_trusted_and_nothing_remembered(project: Path) -> None:
    settings(project, maxSteps=1)
    folder, _ = await decide(project)
    assert (folder.verdict, dict(folder.trusted.files)) == ("untrusted", {})
    assert not store(project).exists()


@pytest.mark.parametrize(
    ("answer", "verdict", "later"),
    [
        ("always", "trusted", "trusted"),
        ("session", "trusted", "untrusted"),
        ("never", "untrusted", "untrusted"),
        ("later", "untrusted", "untrusted"),
    ],
)
async def test_an_answer_holds_as_long_as_it_says(
    project: Path, answer: TrustAnswer, verdict: str, later: str
) -> None:
    settings(project, maxSteps=1)
    folder, offers = await decide(project, answer)
    assert (folder.verdict, len(offers)) == (verdict, 1)
    again, asked = await decide(project, "later")
    assert again.verdict == later
    assert len(asked) == (answer in ("session", "later"))


async def test_one_run_of_the_program_asks_once_for_the_same_content(project: Path) -> None:
    settings(project, maxSteps=1)
    guest = Guest(trusts="later")
    trust = FolderTrust(Home(project.parent / "home"), guest)
    await trust.of(project)
    await trust.of(project)
    assert len(guest.offers) == 1
    await trust.of(project, again=True)
    assert len(guest.offers) == 2


CHANGES = {
    "settings": (
        ".ollama-code/settings.json",
        {"maxSteps": 2},
        "settings:.ollama-code/settings.json:settings",
    ),
    "a server": (".mcp.json", {"mcpServers": {"x": {"command": "touch"}}}, "MCP server:.mcp.json:x"),
    "a command": (".ollama-code/commands/x.md", "!{touch y}", "command:.ollama-code/commands/x.md:/x"),
    "an agent": (".ollama-code/agents/a.md", "changed", "agent:.ollama-code/agents/a.md:a"),
    "a script of a skill": (".ollama-code/skills/s/run.py", "changed", "skill:.ollama-code/skills/s:s"),
    "a new command": (".ollama-code/commands/y.md", "new", "command:.ollama-code/commands/y.md:/y"),
}


@pytest.mark.parametrize(("path", "content", "id"), CHANGES.values(), ids=CHANGES)
async def test_a_change_asks_again_and_names_what_changed(
    project: Path, path: str, content: object, id: str
) -> None:
    settings(project, maxSteps=1)
    put(project, ".mcp.json", {"mcpServers": {"x": {"command": "true"}}})
    put(project, ".ollama-code/commands/x.md", "!{touch x}")
    put(project, ".ollama-code/agents/a.md", "An agent")
    put(project, ".ollama-code/skills/s/SKILL.md", "A skill")
    put(project, ".ollama-code/skills/s/run.py", "print()")
    await decide(project, "always")
    put(project, path, content)
    folder, offers = await decide(project, "later")
    assert folder.verdict == "untrusted"
    assert offers[0].changed == (id,)


async def test_a_server_in_the_settings_that_changed_is_named_too(project: Path) -> None:
    settings(project, mcpServers={"x": {"command": "true"}}, hooks={"SessionStart": [{"command": "a"}]})
    await decide(project, "always")
    settings(project, mcpServers={"x": {"command": "touch"}}, hooks={"SessionStart": [{"command": "a"}]})
    _, offers = await decide(project, "later")
    assert [id.partition(":")[0] for id in offers[0].changed] == ["settings", "MCP server"]


async def test_what_was_taken_away_needs_no_new_answer(project: Path) -> None:
    settings(project, maxSteps=1)
    extra = put(project, ".ollama-code/commands/x.md", "x")
    await decide(project, "always")
    extra.unlink()
    folder, offers = await decide(project, "later")
    assert (folder.verdict, offers) == ("trusted", [])


async def test_a_no_that_is_remembered_is_asked_again_after_a_change(project: Path) -> None:
    settings(project, maxSteps=1)
    await decide(project, "never")
    settings(project, maxSteps=2)
    _, offers = await decide(project, "later")
    assert len(offers) == 1 and offers[0].changed == ()


async def test_a_folder_whose_name_begins_alike_is_another_one(project: Path) -> None:
    settings(project, maxSteps=1)
    await decide(project, "always")
    for other in (project.with_name("project-evil"), project / "inner"):
        shutil.copytree(project / ".ollama-code", other / ".ollama-code")
        folder, offers = await decide(other, "later")
        assert (folder.verdict, len(offers)) == ("untrusted", 1)


async def test_a_link_is_the_folder_it_leads_to(project: Path) -> None:
    settings(project, maxSteps=1)
    await decide(project, "always")
    (project.parent / "other").mkdir()
    settings(project.parent / "other", maxSteps=1)
    link = project.parent / "link"
    link.symlink_to(project)
    assert (await decide(link))[0].verdict == "trusted"
    link.unlink()
    link.symlink_to(project.parent / "other")
    assert (await decide(link))[0].verdict == "untrusted"


async def test_the_store_is_the_persons_alone(project: Path) -> None:
    settings(project, maxSteps=1)
    await decide(project, "always")
    assert stat.S_IMODE(store(project).stat().st_mode) == 0o600
    assert stat.S_IMODE(store(project).parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "text", ["{ broken", "[]", '{"folders": 5}', '{"folders": {"P": {"trusted": "yes"}}}']
)
async def test_a_store_that_cannot_be_read_trusts_nothing(project: Path, text: str) -> None:
    settings(project, maxSteps=1)
    put(project.parent, "home/trust.json", text.replace("P", str(project)))
    assert (await decide(project))[0].verdict == "untrusted"


async def test_an_answer_that_cannot_be_written_holds_for_now(project: Path) -> None:
    settings(project, maxSteps=1)
    (project.parent / "home").write_text("not a folder")
    folder, _ = await decide(project, "always")
    assert folder.verdict == "trusted"


async def test_what_is_used_is_what_was_shown_even_when_it_changes_meanwhile(project: Path) -> None:
    file = settings(project, maxSteps=1)

    class Swapping(Guest):
        async def trust(self, offer: TrustOffer) -> TrustAnswer:
            file.write_text('{"maxSteps": 7}')
            return "always"

    folder = await FolderTrust(Home(project.parent / "home"), Swapping()).of(project)
    assert folder.trusted.files[".ollama-code/settings.json"] == b'{"maxSteps": 1}'
    assert (await decide(project))[0].verdict == "untrusted"


async def test_the_question_shows_what_would_be_set_and_run(project: Path) -> None:
    settings(
        project, maxSteps=3, mcpServers={"x": {"command": "touch", "args": ["m"]}}, hooks={"Stop": ["rm y"]}
    )
    put(project, ".ollama-code/commands/ship.md", "Ship it: !{make ship}")
    _, [offer] = await decide(project, "later")
    does = {holding.name: " ".join(holding.does) for holding in offer.holdings}
    assert "maxSteps to 3" in does["settings"]
    assert '"touch", "args": ["m"]' in does["x"]
    assert "rm y" in does["Stop"]
    assert "make ship" in does["/ship"]
    assert offer.directory == str(project)


@pytest.mark.parametrize("text", ["{ not json", "[]", '{"mcpServers": 5, "hooks": []}'])
async def test_settings_that_make_no_sense_are_asked_about_all_the_same(project: Path, text: str) -> None:
    put(project, ".ollama-code/settings.json", text)
    _, [offer] = await decide(project, "later")
    assert [holding.kind for holding in offer.holdings] == ["settings"]


async def test_a_linked_file_is_told_and_never_read(project: Path) -> None:
    put(project.parent, "theirs.json", {"maxSteps": 1})
    settings(project).unlink()
    (project / ".ollama-code" / "settings.json").symlink_to(project.parent / "theirs.json")
    put(project, ".ollama-code/commands/x.md", "x")
    folder, [offer] = await decide(project, "always")
    assert "symbolic link" in offer.troubles[0]
    assert list(folder.trusted.files) == [".ollama-code/commands/x.md"]


async def test_the_home_directory_is_never_trusted_for_good(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(project))
    put(project, ".mcp.json", {"mcpServers": {"x": {"command": "true"}}})
    folder, [offer] = await decide(project, "always")
    assert (folder.verdict, offer.lasting) == ("trusted", False)
    assert [answer for answer, _ in offer.answers] == ["later", "session"]
    assert (await decide(project))[0].verdict == "untrusted"


async def test_a_folder_that_holds_the_home_directory_is_none_to_trust_either(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(project / "me"))
    settings(project, maxSteps=1)
    _, [offer] = await decide(project, "later")
    assert not offer.lasting


async def test_the_programs_own_folder_is_no_projects(project: Path) -> None:
    settings(project, approvalMode="yolo")
    guest = Guest()
    folder = await FolderTrust(Home(project / ".ollama-code"), guest).of(project)
    assert (folder.verdict, guest.offers) == ("nothing", [])


async def test_a_pipe_in_place_of_the_settings_holds_nobody_up(project: Path) -> None:
    (project / ".ollama-code").mkdir()
    os.mkfifo(project / ".ollama-code" / "settings.json")
    folder, _ = await decide(project, "always")
    assert folder.verdict == "nothing"
