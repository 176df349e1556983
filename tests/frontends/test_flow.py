"""Streamed words in lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from ollama_code.frontends.repl.flow import Flow


def laid(pieces: list[str], width: int = 20) -> str:
    flow = Flow()
    return "".join(flow.feed(piece, width) for piece in pieces) + flow.flush(width)


def test_words_break_between_them_and_never_inside():
    assert laid(["the qui", "ck brown f", "ox jumps over"]) == "the quick brown fox \njumps over"


def test_line_breaks_and_indentation_of_the_text_stay():
    assert laid(["a\n", "    code = 1\n\nb"]) == "a\n    code = 1\n\nb"


@given(st.lists(st.text(alphabet="ab \n\u4e2d", max_size=12), max_size=12))
def test_nothing_is_lost_and_no_line_of_short_words_is_too_long(pieces: list[str]):
    text = laid(pieces, width=30)
    assert text.split() == "".join(pieces).split() or any(len(word) > 15 for word in "".join(pieces).split())
    assert all(cell_len(line.rstrip()) <= 30 or " " not in line.strip() for line in text.split("\n"))


@given(st.text(alphabet="ab c\n", max_size=60), st.integers(0, 60))
def test_where_the_pieces_are_cut_changes_nothing(text: str, cut: int):
    assert laid([text[:cut], text[cut:]]) == laid([text])
