"""What is written down of a turn, and how `ollama-code audit` tells it."""

from __future__ import annotations

import json
import re

import pytest

from tests.e2e.program import Program, Ran, RunInside
from tests.ollama_server import Call, OllamaServer, Reply

LOOK = Call("read_file", {"absolute_path": "a.txt"})
TOUCH = Call("run_shell_command", {"command": "touch made"})
SECRET = Call("run_shell_command", {"command": "echo ghp_0123456789abcdefghij"})


@pytest.fixture
def worked(server: OllamaServer, program: Program, run: RunInside) -> Ran:
    """A turn of three calls: one that runs, one that nobody is there to approve, one that a rule denies."""
    (program.project / "a.txt").write_text("one\n")
    server.play(Reply(calls=(LOOK,)), Reply(calls=(TOUCH,)), Reply(calls=(SECRET,)), Reply(text="Done."))
    return run("-p", "go", "--deny", "run_shell_command(echo *)", "--output-format", "json")


def lines(ran: Ran) -> list[dict[str, object]]:
    return [json.loads(line) for line in ran.out.splitlines()]


@pytest.mark.usefixtures("worked")
def test_each_decision_and_each_run_is_a_line(run: RunInside):
    rows = lines(run("audit", "--json"))
    assert [(row["what"], row["tool"], row.get("verdict"), row.get("by")) for row in rows] == [
        ("decided", "read_file", "allow", "policy"),
        ("ran", "read_file", None, None),
        ("decided", "run_shell_command", "deny", "nobody"),
        ("decided", "run_shell_command", "deny", "policy"),
    ]
    assert {row["caller"] for row in rows} == {"headless"}
    assert rows[0]["call"] == rows[1]["call"]


def test_the_session_is_named_and_can_be_asked_for(worked: Ran, run: RunInside):
    session = str(worked.report["session"])
    assert len(lines(run("audit", "--json", "--session", session))) == 4
    assert not lines(run("audit", "--json", "--session", "another"))


@pytest.mark.usefixtures("worked")
@pytest.mark.parametrize(
    ("filters", "count"),
    [
        (("--decision", "deny"), 2),
        (("--by", "nobody"), 1),
        (("--tool", "read_file"), 2),
        (("--caller", "tui"), 0),
        (("--here",), 4),
        (("--since", "1"), 4),
        (("--since", "2999-01-01"), 0),
        (("-n", "1"), 1),
        (("--decision", "deny", "--by", "policy"), 1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_filters_add_up(run: RunInside, filters: tuple[str, ...], count: int):
    assert len(lines(run("audit", "--json", *filters))) == count


@pytest.mark.usefixtures("worked")
def test_people_read_what_was_refused_and_why_but_no_secret(run: RunInside):
    told = run("audit", "--decision", "deny").out
    assert "deny  by nobody  run_shell_command(touch made)" in told
    assert "the rule run_shell_command(echo *) (--deny) forbids it" in told
    assert "ghp_" not in told


def test_people_read_how_long_a_call_took_in_all(server: OllamaServer, run: RunInside):
    server.play(Reply(calls=(TOUCH,)), Reply(text="Done."))
    run("-p", "go", "--yolo")
    assert re.search(r"exit code 0 after \d\.\d s, [\d.]+ s in all, told", run("audit", "-n", "1").out)


def test_a_log_that_is_not_there_says_so(run: RunInside):
    ran = run("audit")
    assert (ran.code, ran.out) == (0, "")
    assert "Nothing" in ran.err


def test_a_day_that_is_none_is_a_sentence(run: RunInside):
    ran = run("audit", "--since", "yesterday")
    assert ran.code == 2 and "--since is a day" in ran.err


def test_what_a_hostile_line_holds_steers_no_terminal(program: Program, run: RunInside):
    folder = program.state / "audit"
    folder.mkdir(parents=True)
    row = {"what": "decided", "caller": "\x1b[2J", "tool": "a\u202eb", "why": "\x1b]0;x\x07", "time": "\x1b"}
    (folder / "2026-11-21.jsonl").write_text(json.dumps(row) + "\n")
    told = run("audit").out
    assert "<U+202E>" in told and "\x1b" not in told
