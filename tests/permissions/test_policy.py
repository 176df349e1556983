"""The decision table: deny > ask > allow, grants, modes, protected paths."""

from __future__ import annotations

import pytest

from ollama_code.core.display import TextBlock
from ollama_code.core.permission import Caution, Kind, Mode, PermissionRequest
from ollama_code.permissions.policy import Policy, decide
from ollama_code.permissions.rules import Rule


def request(kind: Kind = Kind.EDIT, reach: str = "workspace", scopes: tuple[str, ...] = ("edit(a.py)",)):
    return PermissionRequest(
        call_id="c", tool="edit", kind=kind, title="t", scopes=scopes, preview=TextBlock(text=""), reach=reach
    )


def rules(*tools: str) -> tuple[Rule, ...]:
    return tuple(Rule(tool, "", "test") for tool in tools)


@pytest.mark.parametrize(
    "mode,kind,reach,verdict",
    [
        (Mode.PLAN, Kind.READ, "workspace", "allow"),
        (Mode.PLAN, Kind.READ, "outside", "ask"),
        (Mode.PLAN, Kind.EDIT, "workspace", "deny"),
        (Mode.PLAN, Kind.EXECUTE, "workspace", "deny"),
        (Mode.DEFAULT, Kind.READ, "workspace", "allow"),
        (Mode.DEFAULT, Kind.EDIT, "workspace", "ask"),
        (Mode.DEFAULT, Kind.EXECUTE, "workspace", "ask"),
        (Mode.AUTO_EDIT, Kind.EDIT, "workspace", "allow"),
        (Mode.AUTO_EDIT, Kind.EDIT, "outside", "ask"),
        (Mode.AUTO_EDIT, Kind.EDIT, "protected", "ask"),
        (Mode.AUTO_EDIT, Kind.EXECUTE, "workspace", "ask"),
        (Mode.AUTO_EDIT, Kind.FETCH, "workspace", "ask"),
        (Mode.YOLO, Kind.EXECUTE, "workspace", "allow"),
        (Mode.YOLO, Kind.EDIT, "outside", "allow"),
        (Mode.YOLO, Kind.EDIT, "protected", "ask"),
        (Mode.YOLO, Kind.REMOTE, "workspace", "allow"),
    ],
)
def test_mode_decides(mode: Mode, kind: Kind, reach: str, verdict: str):
    assert decide(request(kind, reach), mode, Policy(), ()).verdict == verdict


@pytest.mark.parametrize("mode,verdict", [(Mode.AUTO_EDIT, "ask"), (Mode.YOLO, "allow"), (Mode.PLAN, "deny")])
def test_in_a_workspace_without_bounds_every_edit_asks_short_of_yolo(mode: Mode, verdict: str):
    decision = decide(request(), mode, Policy(boundless=True), ())
    assert decision.verdict == verdict and (verdict != "ask" or "all your files" in decision.reason)


@pytest.mark.parametrize("mode", Mode)
def test_deny_wins_over_everything_in_every_mode(mode: Mode):
    policy = Policy(allow=rules("edit"), ask=rules("edit"), deny=rules("edit"))
    assert decide(request(), mode, policy, {"edit(a.py)"}).verdict == "deny"


def test_ask_wins_over_allow_and_over_yolo():
    policy = Policy(allow=rules("edit"), ask=rules("edit"))
    assert decide(request(), Mode.YOLO, policy, ()).verdict == "ask"


def test_allow_rule_does_not_reach_a_protected_path():
    assert decide(request(reach="protected"), Mode.YOLO, Policy(allow=rules("edit")), ()).verdict == "ask"


def test_allow_rule_must_cover_every_scope():
    two = request(scopes=("edit(a.py)", "note(b)"))
    assert decide(two, Mode.DEFAULT, Policy(allow=rules("edit")), ()).verdict == "ask"
    assert decide(two, Mode.DEFAULT, Policy(allow=rules("edit", "note")), ()).verdict == "allow"


def test_plan_mode_is_not_widened_by_rules_or_grants():
    assert decide(request(), Mode.PLAN, Policy(allow=rules("edit")), {"edit(a.py)"}).verdict == "deny"


def test_grant_covers_exactly_its_scope():
    assert decide(request(), Mode.DEFAULT, Policy(), {"edit(a.py)"}).verdict == "allow"
    assert decide(request(), Mode.DEFAULT, Policy(), {"edit(b.py)"}).verdict == "ask"


COMPOUND = "run_shell_command(true && rm x)"
RM = Rule("run_shell_command", "rm *", "--deny")


@pytest.mark.parametrize(
    "policy", [Policy(deny=(RM,)), Policy(ask=(RM,)), Policy(allow=rules("run_shell_command"), deny=(RM,))]
)
def test_a_line_that_may_hold_a_forbidden_command_asks_even_in_yolo(policy: Policy):
    compound = request(Kind.EXECUTE, scopes=(COMPOUND,))
    assert decide(compound, Mode.YOLO, policy, ()).verdict == "ask"
    assert decide(compound, Mode.YOLO, policy, {COMPOUND}).verdict == "allow"


def test_a_line_allowed_word_for_word_runs_beside_a_deny_rule():
    exact = Rule("run_shell_command", "true && rm x", "--allow")
    compound = request(Kind.EXECUTE, scopes=(COMPOUND,))
    assert decide(compound, Mode.DEFAULT, Policy(allow=(exact,), deny=(RM,)), ()).verdict == "allow"


def test_a_plain_line_that_no_rule_is_about_runs_in_yolo():
    plain = request(Kind.EXECUTE, scopes=("run_shell_command(git status)",))
    assert decide(plain, Mode.YOLO, Policy(deny=(RM,)), ()).verdict == "allow"


# --- commands --------------------------------------------------------------------------------------------


def command(*words: str, **more: object) -> PermissionRequest:
    """A request for commands as the tool makes it, each a scope of its own."""
    scopes = tuple(f"run_shell_command({line})" for line in words)
    return request(Kind.EXECUTE, scopes=scopes).model_copy(update=more)


def allowing(*patterns: str) -> Policy:
    return Policy(allow=tuple(Rule("run_shell_command", pattern, "--allow") for pattern in patterns))


def verdict(asked: PermissionRequest, policy: Policy, mode: Mode = Mode.DEFAULT) -> str:
    return decide(asked, mode, policy, ()).verdict


def test_every_part_of_a_compound_line_needs_a_rule():
    assert verdict(command("git status", "npm test"), allowing("git status", "npm test")) == "allow"
    assert verdict(command("git status", "npm ci"), allowing("git status", "npm test")) == "ask"


@pytest.mark.parametrize("mode", Mode)
def test_what_is_seen_in_a_line_is_denied_like_the_line_itself(mode: Mode):
    hidden = command("x=$(rm a)", seen=("run_shell_command(rm a)",))
    assert verdict(hidden, Policy(deny=(RM,)), mode) == "deny"


def test_what_is_seen_in_a_line_allows_nothing():
    assert (
        verdict(command("git status > x", seen=("run_shell_command(git status)",)), allowing("git *"))
        == "ask"
    )


def test_a_wide_rule_stops_at_the_option_guard_and_says_why():
    decision = decide(command("git diff --output=x"), Mode.DEFAULT, allowing("git diff *"), ())
    assert decision.verdict == "ask"
    assert "git diff with --output=x" in decision.reason


def test_a_rule_that_names_the_very_command_passes_the_option_guard():
    assert verdict(command("git diff --output=x"), allowing("git diff --output=x")) == "allow"


@pytest.mark.parametrize(
    "against,wide,named,every",
    [("wide", "ask", "allow", "allow"), ("pattern", "ask", "ask", "allow"), ("any", "ask", "ask", "ask")],
)
def test_a_caution_holds_back_as_many_rules_as_it_says(against: str, wide: str, named: str, every: str):
    caution = Caution(scope="run_shell_command(git status)", text="it is odd", against=against)  # type: ignore[arg-type]
    odd = command("git status", cautions=(caution,))
    assert [verdict(odd, allowing(pattern)) for pattern in ("git *", "git status", "")] == [
        wide,
        named,
        every,
    ]


def test_a_caution_is_the_reason_to_ask_and_a_grant_holds_for_just_that_one():
    one, other = (
        command(
            "git log", cautions=(Caution(scope="run_shell_command(git log)", text=text, against="pattern"),)
        )
        for text in ("core.pager says: a", "core.pager says: b")
    )
    assert decide(one, Mode.DEFAULT, Policy(), ()).reason == "core.pager says: a"
    assert decide(one, Mode.DEFAULT, Policy(), one.terms).verdict == "allow"
    assert decide(other, Mode.DEFAULT, Policy(), one.terms).verdict == "ask"


def test_a_command_that_only_shows_needs_no_rule_unless_the_policy_wants_one():
    assert verdict(command("ls -la", "head -5 a"), Policy()) == "allow"
    assert verdict(command("ls -la"), Policy(readers=False)) == "ask"
    assert verdict(command("ls -la"), Policy(ask=rules("run_shell_command"))) == "ask"
    outside = Caution(scope="run_shell_command(cat /x)", text="/x leads outside", against="wide")
    assert verdict(command("cat /x", cautions=(outside,)), Policy()) == "ask"


def test_that_bash_must_read_a_line_is_said_where_a_rule_seems_to_allow_it():
    line = "run_shell_command(pytest $x)"
    caution = Caution(scope=line, text="bash interprets $x", against="wide")
    opaque = command("pytest $x", seen=("run_shell_command(pytest '$x')",), cautions=(caution,))
    assert decide(opaque, Mode.DEFAULT, allowing("pytest *"), ()).reason == "bash interprets $x"
    assert decide(opaque, Mode.DEFAULT, allowing("make *"), ()).usual


def test_that_bash_carries_out_a_command_itself_is_said_where_a_rule_seems_to_allow_it():
    line = "run_shell_command(kill 1)"
    caution = Caution(scope=line, text="kill is a command of bash itself", against="wide")
    own = command("kill 1", seen=(line,), cautions=(caution,))
    assert decide(own, Mode.DEFAULT, allowing("kill *"), ()).reason == "kill is a command of bash itself"
    assert decide(own, Mode.DEFAULT, allowing("make *"), ()).usual


class Broken(Rule):
    def matches(self, scope: str) -> bool:
        raise RuntimeError("a bug")


@pytest.mark.parametrize("mode", Mode)
def test_an_error_while_judging_asks(mode: Mode):
    broken = (Broken("edit", "", "test"),)
    assert decide(request(), mode, Policy(allow=broken, deny=broken), ()).verdict == "ask"
