"""Which lines are taken apart, which are left to bash, and what is seen in those."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from ollama_code.permissions.shell.analysis import Opaque, Plain, analyse, spelled, words_of


def joined(line: str) -> list[tuple[str, list[tuple[str, ...]]]]:
    plain = analyse(line)
    assert isinstance(plain, Plain), plain
    return [(step.joiner, [command.argv for command in step.pipeline]) for step in plain.steps]


def test_a_compound_line_becomes_its_commands_in_order():
    assert joined("git log 2>&1 | head -5 && ls; npm test || echo 'no luck'\npwd") == [
        (";", [("git", "log"), ("head", "-5")]),
        ("&&", [("ls",)]),
        (";", [("npm", "test")]),
        ("||", [("echo", "no luck")]),
        (";", [("pwd",)]),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "ls $(rm x)", "ls `rm x`", "ls \"$(rm x)\"", "cat <(rm x)", "ls ${x:-y}", "ls $x", "ls \"$x\"",
        "ls $((1))", "ls $'x'", "ls $\"x\"",
        "ls > x", "ls >> x", "ls < x", "ls 2> x", "ls &> x", "ls >| x", "ls 3>&1", "ls >&-", "ls 2>&1 -l",
        "cat <<E\nx\nE", "cat <<< x",
        "ls &", "ls & rm x", "ls |& cat", "! ls", "(ls)", "{ ls; }", "if ls; then ls; fi",
        "while ls; do ls; done", "for a in b; do ls; done",
        "f() { ls; }", "function f { ls; }", "[[ -f x ]]", "[ -f x ]", "((1))", "case a in b) ls;; esac",
        "time ls", "coproc ls",
        "A=b", "A=b ls", "export A=b", "declare -x A=b", "unset A", "ls *.py", "ls a?", "ls [a]", "ls {a,b}",
        "ls ~", "ls a=~", "ls a:~/b",
        "'ls'", "\"ls\"", "l\\s", "\\ls", "$'ls'", "ls#x $y", "ls # x", "ls \\\n; rm x", "find . -del\\\nete",
        "ls 'a", "ls \"a", "ls &&", "&& ls",
        "ls\n&& rm x", "ls;;rm x", "| ls", "ls ||", "", " ", "\n", ";", "ls\rrm x", "ls\x00rm", "ls\x1b[2J",
        "ls \u202ex", "ls\u00a0x", "ls \u200bx",
        "ls \U000e0041", "l\u0455 x", "ls \ud800", "; ls", "ls a\\", "ls \"a\\\nb\"", "ls " + "a " * 4096,
        ";".join(["ls"] * 17),
    ],
)  # fmt: skip
def test_a_line_with_anything_uncertain_is_left_to_bash(line: str):
    found = analyse(line)
    assert isinstance(found, Opaque)
    assert found.reason


@pytest.mark.parametrize(
    "line", ["a && " * 2000 + "b", "(" * 4000, "{ " * 2000, "$(" * 2000, "'" * 8000, "a\\\n" * 2000]
)
def test_a_line_made_to_exhaust_the_analysis_is_left_to_bash(line: str):
    assert isinstance(analyse(line), Opaque)


@pytest.mark.parametrize(
    "line",
    ["X=1 rm a", "ls $(rm a)", "if true; then rm a; fi", "(cd b && rm a)", "ls > x; rm a", "ls & rm a",
    "while rm a; do :; done",
     "f() { rm a; }", "cat <<E\n$(rm a)\nE", "! rm a", "r\\m a", "'rm' a"],
)  # fmt: skip
def test_the_commands_in_an_opaque_line_are_seen(line: str):
    found = analyse(line)
    assert isinstance(found, Opaque)
    assert ("rm", "a") in found.seen


def test_a_word_that_is_not_certain_is_seen_as_written():
    found = analyse('rm -rf "$HOME" a')
    assert isinstance(found, Opaque)
    assert found.seen == (("rm", "-rf", '"$HOME"', "a"),)


def test_the_reason_names_what_is_uncertain():
    assert analyse("ls *.py") == Opaque("bash interprets the *", (("ls", "*.py"),), frozenset({"*.py"}))
    assert "U+202E" in getattr(analyse("ls \u202e"), "reason", "")


@settings(deadline=None)
@given(
    some.lists(
        some.text(some.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Zs", "Zl", "Zp", "Mn"])),
        max_size=5,
    )
)
def test_spelled_words_are_read_back(words: list[str]):
    argv = ("ls", *words)
    assert words_of(spelled(argv)) in (argv, None)
    assert words_of(spelled(("ls", "a b", "it's", "*", "a\nb"))) == ("ls", "a b", "it's", "*", "a\nb")


@pytest.mark.parametrize("line", ["ls && ls", "ls | cat", "ls 2>&1", "ls $x"])
def test_only_a_single_command_has_words(line: str):
    assert words_of(line) is None


def test_without_the_grammar_every_line_is_opaque():
    code = (
        "import sys; sys.modules['tree_sitter_bash'] = None\n"
        "from ollama_code.permissions.shell.analysis import analyse\nprint(analyse('ls').reason)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "the grammar of bash is not installed\n"
