"""Rules tried on their own examples."""

from __future__ import annotations

import pytest

from ollama_code.core.errors import UsageError
from ollama_code.permissions.examples import Examples, check_allowing, check_stopping
from ollama_code.permissions.rules import Rule


def rule(pattern: str, tool: str = "run_shell_command") -> Rule:
    return Rule(tool, pattern, "permissions.allow")


def test_examples_that_hold_say_nothing():
    check_allowing(rule("git log *"), Examples(["git log -3", "git log && git log -p"], ["git push", "rm x"]))
    check_stopping(rule("rm *"), Examples(["rm x", "ls && rm x"], ["ls"]))
    check_allowing(rule("src/**", "edit"), Examples(["src/a.py"], ["setup.py", "../src/a.py"]))


@pytest.mark.parametrize("line", ["git push", "git log; git push", "git log > x", "git log --output=x"])
def test_an_allowing_rule_that_does_not_cover_its_example_is_named(line: str):
    with pytest.raises(UsageError, match=r'"run_shell_command\(git log \*\)".*does not cover'):
        check_allowing(rule("git log *"), Examples([line]))


def test_an_example_that_must_not_be_covered_and_is():
    with pytest.raises(UsageError, match="notMatch"):
        check_allowing(rule("make *"), Examples(not_match=["make install"]))
    with pytest.raises(UsageError, match="notMatch"):
        check_stopping(rule("rm *"), Examples(not_match=["ls && rm x"]))
    with pytest.raises(UsageError, match="notMatch"):
        check_stopping(rule("*.pem", "read_file"), Examples(not_match=["keys/a.PEM"]))


def test_what_the_option_guard_holds_back_is_not_covered():
    check_allowing(rule("sort *"), Examples(["sort -r x"], ["sort -o x y"]))
