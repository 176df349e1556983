from __future__ import annotations

from ollama_code.frontends.tui.transcript.code import LONGEST_LINE, Highlighter, lexer_for, lexer_named
from tests.tui.transcript.host import INK

GROUND = INK.palette.code.background


def highlighter(language: str) -> Highlighter:
    return Highlighter(lexer_named(language), INK, GROUND)


def test_a_docstring_stays_a_string_until_it_closes():
    lines = highlighter("python")
    string = INK.token("Literal.String", GROUND)
    lines.line('"""open')
    assert lines.line("def not_code():") == (("def not_code():", string),)
    lines.line('"""')
    assert lines.line("def code():")[0] == ("def", INK.token("Keyword", GROUND))


def test_a_block_comment_stays_a_comment_until_it_closes():
    lines = highlighter("javascript")
    lines.line("/* open")
    assert lines.line("let x = 1")[0][1].color == INK.token("Comment", GROUND).color
    lines.line("closed */")
    assert lines.line("let x = 1")[0] == ("let", INK.token("Keyword", GROUND))


def test_peeking_is_not_remembered():
    lines = highlighter("python")
    lines.peek('"""open')
    assert lines.line("def f():")[0] == ("def", INK.token("Keyword", GROUND))


def test_an_unknown_language_and_a_very_long_line_stay_plain():
    assert len(highlighter("no-such-language").line("x = 1")) == 1
    assert len(highlighter("python").line("x = 1;" * LONGEST_LINE)) == 1


def test_a_file_name_says_the_language():
    assert lexer_for("src/a.py") is not None
    assert lexer_for("src/a.no-such") is None
