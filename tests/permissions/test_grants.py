"""What outlives a call and a session, and how it is taken back."""

from __future__ import annotations

import json
from pathlib import Path

from ollama_code.core.display import TextBlock
from ollama_code.core.events import Event, Notice
from ollama_code.core.permission import (
    Allowed,
    Answer,
    Caution,
    Kind,
    Mode,
    PermissionRequest,
    Question,
)
from ollama_code.core.redact import Redactor
from ollama_code.permissions.gate import Gate
from ollama_code.permissions.grants import Grants
from ollama_code.permissions.policy import Policy, decide
from ollama_code.permissions.rules import Rule
from ollama_code.storage.grants import ProjectGrants

MAKE, TEST = "run_shell_command(make)", "run_shell_command(pytest)"


def request(*scopes: str, cautions: tuple[str, ...] = (), reach: str = "workspace") -> PermissionRequest:
    return PermissionRequest(
        call_id="c", tool="run_shell_command", kind=Kind.EXECUTE, title="t", scopes=scopes, reach=reach,
        preview=TextBlock(text=""),
        cautions=tuple(Caution(scope=scopes[0], text=text, against="any") for text in cautions),
    )  # fmt: skip


class Keeping:
    """Says yes for the folder."""

    def __init__(self) -> None:
        self.asked: list[PermissionRequest] = []

    async def approve(self, request: PermissionRequest) -> Answer:
        self.asked.append(request)
        return Allowed(remember="project")

    async def question(self, question: Question) -> str:
        return ""


def gate(
    folder: Path, person: Keeping, policy: Policy | None = None, events: list[Event] | None = None
) -> Gate:
    grants = Grants(ProjectGrants(folder / "home" / "grants.json", folder, Redactor().sure))
    emit = [] if events is None else events
    return Gate(policy or Policy(), Mode.DEFAULT, person, emit.append, grants)


async def test_an_answer_for_the_folder_spares_the_question_in_the_next_session(tmp_path: Path):
    person = Keeping()
    await gate(tmp_path, person).admit(request(MAKE), "main")
    assert (await gate(tmp_path, person).admit(request(MAKE), "main")).why == "granted for this folder"
    assert len(person.asked) == 1


async def test_it_holds_in_no_other_folder(tmp_path: Path):
    person = Keeping()
    await gate(tmp_path, person).admit(request(MAKE), "main")
    other = Grants(ProjectGrants(tmp_path / "home" / "grants.json", tmp_path / "other"))
    assert not other.kept


async def test_it_is_kept_where_only_this_user_reads(tmp_path: Path):
    await gate(tmp_path, Keeping()).admit(request(MAKE), "main")
    file = tmp_path / "home" / "grants.json"
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


async def test_it_covers_the_cautions_that_were_shown_and_no_other():
    kept = {MAKE, f"{MAKE}: a"}
    assert decide(request(MAKE, cautions=("a",)), Mode.DEFAULT, Policy(), (), kept).verdict == "allow"
    assert decide(request(MAKE, cautions=("a", "b")), Mode.DEFAULT, Policy(), (), kept).verdict == "ask"


async def test_a_line_of_two_commands_needs_both():
    allow = Policy(allow=(Rule("run_shell_command", "pytest", "--allow"),))
    assert decide(request(MAKE, TEST), Mode.DEFAULT, Policy(), (), {MAKE}).verdict == "ask"
    assert decide(request(MAKE, TEST), Mode.DEFAULT, allow, (), {MAKE}).verdict == "allow"


async def test_it_wins_over_no_rule_that_asks_or_denies_and_over_no_protected_path():
    for policy in (Policy(ask=(Rule("run_shell_command", "", "x"),)),):
        decision = decide(request(MAKE), Mode.DEFAULT, policy, (), {MAKE})
        assert (decision.verdict, decision.keepable) == ("ask", False)
    deny = Policy(deny=(Rule("run_shell_command", "make", "x"),))
    assert decide(request(MAKE), Mode.DEFAULT, deny, (), {MAKE}).verdict == "deny"
    assert decide(request(MAKE, reach="protected"), Mode.DEFAULT, Policy(), (), {MAKE}).verdict == "ask"


async def test_it_is_offered_only_where_it_would_spare_the_next_question(tmp_path: Path):
    person = Keeping()
    asks = Policy(ask=(Rule("run_shell_command", "make", "x"),))
    await gate(tmp_path, person, asks).admit(request(MAKE), "main")
    await gate(tmp_path, person, asks).admit(request(TEST), "main")
    assert [asked.keepable for asked in person.asked] == [False, True]
    assert list(Grants(ProjectGrants(tmp_path / "home" / "grants.json", tmp_path)).kept) == [TEST]


async def test_what_is_taken_back_asks_again_here_and_in_the_next_session(tmp_path: Path):
    person = Keeping()
    door = gate(tmp_path, person)
    await door.admit(request(MAKE, cautions=("a",)), "main")
    await door.grants.take_back(MAKE)
    await gate(tmp_path, person).admit(request(MAKE, cautions=("a",)), "main")
    assert len(person.asked) == 2


async def test_taking_one_back_leaves_the_others(tmp_path: Path):
    door = gate(tmp_path, Keeping())
    await door.admit(request(MAKE, TEST), "main")
    await door.grants.take_back(MAKE)
    assert list(gate(tmp_path, Keeping()).grants.kept) == [TEST]


async def test_where_it_cannot_be_kept_it_holds_for_the_session_and_says_so(tmp_path: Path):
    (tmp_path / "home").write_text("in the way")
    person, events = Keeping(), list[Event]()
    door = gate(tmp_path, person, events=events)
    await door.admit(request(MAKE), "main")
    await door.admit(request(MAKE), "main")
    assert len(person.asked) == 1
    assert [event for event in events if isinstance(event, Notice)]


async def test_what_holds_a_secret_is_granted_for_the_session_and_not_written_down(tmp_path: Path):
    person, events = Keeping(), list[Event]()
    door, push = gate(tmp_path, person, events=events), "run_shell_command(git push https://me:hunter2@host)"
    await door.admit(request(push), "main")
    await door.admit(request(push), "main")
    await door.admit(request(MAKE), "main")
    assert [asked.scopes for asked in person.asked] == [(push,), (MAKE,)]
    assert "hunter2" not in (tmp_path / "home" / "grants.json").read_text()
    assert ["secret" in event.text for event in events if isinstance(event, Notice)] == [True]


def test_a_file_that_holds_something_else_grants_nothing(tmp_path: Path):
    file = tmp_path / "grants.json"
    file.write_text(json.dumps({str(tmp_path.resolve()): MAKE}))
    assert ProjectGrants(file, tmp_path).read() == ()
