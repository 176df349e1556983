"""Which word asks for completion. `|` is the cursor."""

import pytest

from ollama_code.frontends.tui.input.words import Request, request_at


def asked(text: str, row: int = 0) -> tuple[str, str, str] | None:
    """Kind, word and what would be replaced."""
    column = text.index("|")
    line = text.replace("|", "")
    request = request_at(line, row, column)
    return request and (request.kind, request.word, line[request.start : request.end])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/|", ("command", "", "/")),
        ("/he|", ("command", "he", "/he")),
        ("/h|elp x", ("command", "h", "/help")),
        ("|/help", None),
        ("/help |", None),
        ("/etc/ho|", None),
        (" /he|", None),
        ("see /he|", None),
        ("@|", ("file", "", "@")),
        ("fix @src/a|.py now", ("file", "src/a", "@src/a.py")),
        ("(@a|)", ("file", "a", "@a")),
        ("me@ho|", None),
        ("@a |", None),
        ('@"a fi|', ("file", "a fi", '@"a fi')),
        ('@"a fi|"', ("file", "a fi", '@"a fi"')),
        ('@"a file" |', None),
        ("日本 @語|", ("file", "語", "@語")),
    ],
)
def test_the_word_at_the_cursor_is_found(text: str, expected: tuple[str, str, str] | None):
    assert asked(text) == expected


def test_a_command_begins_the_first_line_only():
    assert asked("/he|", row=1) is None


def test_a_path_with_spaces_is_quoted():
    request = Request("file", "", 0, 0, 1)
    assert request.spelled("a b.py") == '@"a b.py"'
    assert request.spelled("a.py") == "@a.py"
