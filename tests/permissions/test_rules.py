"""What a rule covers, and which rules are refused when they are read."""

from __future__ import annotations

import pytest

from ollama_code.core.errors import UsageError
from ollama_code.permissions.rules import parse_rule, require_narrow

TOOLS = {
    "run_shell_command": "run_shell_command",
    "shell": "run_shell_command",
    "edit": "edit",
    "read_file": "read_file",
}


def rule(text: str):
    return parse_rule(text, "--allow", TOOLS.get)


@pytest.mark.parametrize(
    "text,scope,covered",
    [
        ("edit", "edit(src/a.py)", True),
        ("edit", "read_file(src/a.py)", False),
        ("edit(src/**)", "edit(src/deep/a.py)", True),
        ("edit(src/**)", "edit(tests/a.py)", False),
        ("edit(*.md)", "edit(docs/x.md)", True),
        ("edit(**)", "edit(/etc/passwd)", False),
        ("edit(etc/**)", "edit(/etc/passwd)", False),
        ("edit(//etc/**)", "edit(/etc/passwd)", True),
        ("edit(//etc/**)", "edit(etc/passwd)", False),
        ("edit(SRC/**)", "edit(src/a.py)", True),
        ("run_shell_command(git status)", "run_shell_command(git status)", True),
        ("run_shell_command(git status)", "run_shell_command(git  status)", True),
        ("run_shell_command(git status)", "run_shell_command(git status --short)", False),
        ("shell(pytest *)", "run_shell_command(pytest -q tests/a.py)", True),
        ("shell(pytest *)", "run_shell_command(pytest)", True),
        ("shell(pytest *)", "run_shell_command(pytestx)", False),
        ("shell(pytest *)", "run_shell_command(pytest; rm -rf ~)", False),
        ("shell(pytest *)", "run_shell_command(pytest $(touch x))", False),
        ("shell(pytest *)", "run_shell_command(pytest\nrm x)", False),
        ("shell(pytest *)", "run_shell_command(pytest > ~/.bashrc)", False),
        ("shell(pytest *)", "run_shell_command(pytest && id)", False),
        ("shell(pytest *)", "run_shell_command(PYTHONPATH=. pytest)", False),
        ("shell(pytest *)", "run_shell_command(pytest | cat)", False),
        ("shell(pytest *)", "run_shell_command(pytest\ttests)", True),
        ("shell(pytest *)", "run_shell_command(pytest 'a b')", True),
        ("shell(rm *)", "run_shell_command(rm 'x')", True),
        ("shell(git status)", "run_shell_command(GIT status)", False),
        ("shell(ls *)", "run_shell_command(./ls)", False),
        ("run_shell_command(echo 'a b')", "run_shell_command(echo 'a b')", True),
        ("run_shell_command(echo 'a b')", 'run_shell_command(echo "a b")', True),
        ("run_shell_command(echo 'a b')", "run_shell_command(echo a b)", False),
        ("run_shell_command(*)", "run_shell_command(anything; at all)", True),
        ("run_shell_command", "run_shell_command(anything; at all)", True),
    ],
)
def test_rule_covers(text: str, scope: str, covered: bool):
    assert rule(text).matches(scope) is covered


@pytest.mark.parametrize("text", ["edit(Src/**)", "edit(//Srv/**)"])
def test_a_rule_that_allows_a_path_means_it_as_it_is_written(text: str):
    scope = text.replace("//", "/").replace("**", "a.py")
    assert rule(text).allows(scope) and rule(text).matches(scope.lower())
    assert not rule(text).allows(scope.lower())


@pytest.mark.parametrize(
    "text",
    ["", "nothing", "edit(", "edit( )", "edit(./src/**)", "edit(../x)", "edit(~/x)", "edit(!src/**)", "edit(#x)",
     "shell( )", "shell(git * status)", "shell(git st* *)", "shell(a && b)", "shell(A=b c *)",
     "shell($x *)", "fly(x)"],
)  # fmt: skip
def test_rule_that_cannot_be_meant_is_refused_with_a_sentence(text: str):
    with pytest.raises(UsageError, match=r"--allow"):
        rule(text)


@pytest.mark.parametrize(
    "pattern",
    [
        "python3 *",
        "python3.12 *",
        "env *",
        "npx *",
        "/usr/bin/bash *",
        "taskset *",
        "xvfb-run *",
        "setarch *",
        "uv run *",
        "uv run python *",
    ],
)
def test_a_rule_may_forbid_but_not_allow_whatever_a_runner_runs(pattern: str):
    boundless = rule(f"shell({pattern})")
    assert boundless.matches(f"run_shell_command({pattern[:-2]} x)")
    with pytest.raises(UsageError, match=r"--allow.*every command"):
        require_narrow(boundless)


def test_a_rule_may_name_what_a_runner_shall_run():
    require_narrow(rule("shell(uv run pytest *)"))
    require_narrow(rule("shell(uv *)"))


def test_exact_interpreter_command_is_a_fine_rule():
    require_narrow(rule("shell(python3 -m unittest)"))
    assert rule("shell(python3 -m unittest)").matches("run_shell_command(python3 -m unittest)")


@pytest.mark.parametrize(
    "line",
    [
        "true && rm x",
        "rm $x",
        "$(echo rm) x",
        "/bin/rm x",
        "sudo rm x",
        "LANG=C rm x",
        "rm\\\n x",
        "python3.12 x",
        "vim -es -c '!rm x' -c q",
        "git -c 'alias.z=!rm x' z",
    ],
)
def test_rule_cannot_tell_what_runs_in_a_line_that_may_run_anything(line: str):
    assert rule("shell(rm *)").cannot_tell(f"run_shell_command({line})")


def test_rule_can_tell_of_plain_words_and_of_all_commands():
    assert not rule("shell(rm *)").cannot_tell("run_shell_command(git status --short)")
    assert not rule("shell(rm *)").cannot_tell("run_shell_command(git commit -m 'a; b')")
    assert not rule("shell(rm *)").cannot_tell("run_shell_command(npm run confirm --rm=no-rm form.rm)")
    assert not rule("shell").cannot_tell("run_shell_command(true && rm x)")
    assert not rule("shell(git push *)").cannot_tell("run_shell_command(git log -p)")
    assert not rule("shell(rm -rf *)").cannot_tell("run_shell_command(rm x)")
    assert not rule("edit(src/**)").cannot_tell("edit(a && b)")


@pytest.mark.parametrize(
    "pattern,line",
    [("git push *", "git -C . push o"), ("git push", "git --no-pager push"), ("git push *", "git -c alias.p=push p"),
     ("rm -rf *", "rm -fr x"), ("rm -rf *", "rm -r -f x"), ("rm -rf *", "rm x --recursive")],
)  # fmt: skip
def test_a_rule_cannot_tell_a_command_with_other_options_apart(pattern: str, line: str):
    assert rule(f"shell({pattern})").cannot_tell(f"run_shell_command({line})")
