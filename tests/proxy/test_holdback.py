"""What a client reads at once, and what is held until the whole answer is known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_code.frontends.proxy.holdback import Holdback

NAMES = ("read_file", "Bash")


def shown(text: str, size: int = 3) -> str:
    """What is let through of `text` when it comes in pieces, before its end is known."""
    holdback = Holdback(NAMES)
    return "".join(holdback.feed(text[at : at + size]) for at in range(0, len(text), size))


@pytest.mark.parametrize("size", [1, 4, 1000])
@pytest.mark.parametrize(
    "call",
    [
        "<function=read_file>\n<parameter=path>\nx",
        "<tool_call>\n{",
        '{"name": "read_file", "arguments": {',
        '```json\n{"tool": "read-file", "arguments": {',
        'read_file(path="x")',
        'functions.read_file({"path": "x"})',
        "<read_file><path>",
        "[TOOL_CALLS]read_file{",
        '<invoke name="Bash">',
        "Action: read_file\nAction Input: {",
        "<think>I could",
    ],
)
def test_a_call_is_never_shown(call: str, size: int):
    assert shown(f"I will look.\n\n{call} {'more ' * 200}", size) == "I will look."


@pytest.mark.parametrize(
    "text",
    [
        "a < b and b > c, of course.",
        "read_file is what I would use.",
        "Use Bash (the shell) for that.",
        "| a | b |\n|---|---|\n| [1] | {2} |",
        "```python\nvalues = {'a': [1, 2]}\n```",
    ],
)
def test_what_is_no_call_is_shown_soon(text: str):
    assert shown(text + " And so on." * 60).startswith(text)


def test_words_are_shown_as_they_come():
    holdback = Holdback(NAMES)
    assert [holdback.feed(piece) for piece in ("It", " is", " plum", ".")] == ["", "It is", " plum", "."]


@given(st.text(alphabet="a <>{}[]\n`\"'(:read_file", max_size=60), st.integers(1, 7))
def test_nothing_is_lost_or_said_twice(text: str, size: int):
    holdback = Holdback(NAMES)
    let = "".join(holdback.feed(text[at : at + size]) for at in range(0, len(text), size))
    assert let + holdback.held() == text


def test_the_rest_is_what_is_left_of_the_words():
    holdback = Holdback(NAMES)
    let = holdback.feed("I will look. <function=read_file>")
    assert let + holdback.rest("I will look.") == "I will look."


def test_a_long_answer_takes_linear_time():
    holdback = Holdback(NAMES)
    for _ in range(20_000):
        holdback.feed("if a < b: {x} [y] `z`\n")
    assert len(holdback.held()) < 1000
