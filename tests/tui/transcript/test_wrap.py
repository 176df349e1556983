from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from ollama_code.frontends.tui.transcript.wrap import cluster_at, expanded, wrap

ALPHABET = st.sampled_from([*"ab c\t-", "日", "本", "é", "e\u0301", "👩\u200d🚀", "🎉", "ש", "ק", "❤\ufe0f"])
TEXT = st.lists(ALPHABET, max_size=60).map("".join)


@given(TEXT, st.integers(8, 30))
def test_no_row_is_wider_than_the_width(text: str, width: int):
    assert all(cell_len(expanded(text[start:end], 0)) <= width for start, end in wrap(text, width))


@given(TEXT, st.integers(8, 30))
def test_rows_hold_every_character_but_spaces_at_breaks(text: str, width: int):
    kept = [text[start:end] for start, end in wrap(text, width)]
    assert "".join(kept).replace(" ", "") == text.replace(" ", "")


@given(TEXT, st.integers(8, 30))
def test_rows_are_in_order_and_do_not_overlap(text: str, width: int):
    ranges = wrap(text, width)
    flat = [offset for pair in ranges for offset in pair]
    assert flat == sorted(flat) and flat[0] == 0


def test_words_stay_whole_when_they_fit():
    text = "one two three"
    assert [text[a:b] for a, b in wrap(text, 8)] == ["one two", "three"]


def test_a_word_longer_than_the_row_is_cut():
    assert wrap("abcdefgh", 3) == [(0, 3), (3, 6), (6, 8)]


def test_wide_characters_break_between_any_two():
    text = "日本語日本語"
    assert [text[a:b] for a, b in wrap(text, 4)] == ["日本", "語日", "本語"]


def test_indentation_stays_with_its_text():
    text = "        x" + "y" * 10
    assert "".join(text[a:b] for a, b in wrap(text, 12)) == text


def test_a_cell_inside_a_wide_character_finds_all_of_it():
    assert cluster_at("a日b", (0, 3), 2) == (1, 2)


def test_a_tab_covers_the_cells_to_its_stop():
    assert cluster_at("a\tb", (0, 3), 3) == (1, 2)
    assert cluster_at("a\tb", (0, 3), 4) == (2, 3)
