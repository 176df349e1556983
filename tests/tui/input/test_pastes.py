"""Big pastes and what stands for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_code.frontends.tui.input.pastes import Pastes, typed

LONG = "x" * 1001
PIECES = st.one_of(
    st.text(max_size=20),
    st.sampled_from([LONG, "a\n" * 9, "[pasted 9 lines #1]", "[pasted 1,001 characters #2]", "[pasted"]),
)


@given(st.lists(PIECES, max_size=6))
def test_a_draft_of_pastes_expands_to_what_was_pasted(pieces: list[str]):
    pastes, draft = Pastes(), ""
    for piece in pieces:
        draft += pastes.collapse(piece, beside=draft)
    assert pastes.expand(draft) == "".join(pieces)


@pytest.mark.parametrize("text", ["x" * 1000, "\n".join("abcdefgh"), "a\n" * 8, "", "日本語"])
def test_a_small_paste_stays_as_it_is(text: str):
    assert Pastes().collapse(text) == text


@pytest.mark.parametrize(
    ("text", "stand_in"),
    [
        (LONG, "[pasted 1,001 characters #1]"),
        ("a\n" * 9, "[pasted 9 lines #1]"),
        ("\n" * 8 + "a", "[pasted 9 lines #1]"),
        ("a\n" * 12_345, "[pasted 12,345 lines #1]"),
        ("a\u2028b", "[pasted 3 characters #1]"),
    ],
)
def test_a_big_paste_says_how_big_it_is(text: str, stand_in: str):
    assert Pastes().collapse(text) == stand_in


def test_each_paste_has_its_own_number():
    pastes = Pastes()
    one, two = pastes.collapse(LONG), pastes.collapse("y" * 1001)
    assert one != two
    assert pastes.expand(f"{two} {one}") == "y" * 1001 + " " + LONG


def test_a_pasted_stand_in_is_not_expanded_twice():
    pastes = Pastes()
    stand_in = pastes.collapse(LONG)
    quoted = pastes.collapse(f"it shows {stand_in} there")
    assert pastes.expand(quoted) == f"it shows {stand_in} there"


def test_words_that_look_like_a_stand_in_are_not_taken_over():
    pastes = Pastes()
    draft = "[pasted 1,001 characters #1] "
    draft += pastes.collapse(LONG, beside=draft)
    assert pastes.expand(draft) == "[pasted 1,001 characters #1] " + LONG


def test_what_is_cleared_is_forgotten_and_its_number_not_given_again():
    pastes = Pastes()
    stand_in = pastes.collapse(LONG)
    pastes.clear()
    assert pastes.expand(stand_in) == stand_in
    assert pastes.collapse(LONG) != stand_in


@pytest.mark.parametrize(
    ("pasted", "kept"),
    [
        ("a\r\nb\rc\n", "a\nb\nc\n"),
        ("tab\tstays", "tab\tstays"),
        ("\x1b[31mred\x1b[0m\x07\x00\x9b", "[31mred[0m"),
        ("می‌خواهم 👨‍👩‍👧 \u202eabc", "می‌خواهم 👨‍👩‍👧 \u202eabc"),
        ("\ud800x", "x"),
    ],
)
def test_only_control_characters_are_taken_from_a_paste(pasted: str, kept: str):
    assert typed(pasted) == kept
