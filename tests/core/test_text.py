"""Text from strangers is shown, never obeyed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_code.core.text import StreamCleaner, clean, one_line, overt, shorten, well_formed

HOSTILE = st.text(alphabet="ab\n\t\r\x1b\x9b\x9d[]0;m\\\x07\u202e\u200b\u200d\U000e0041\x00\x7f\u0301")
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\U000e0000-\U000e0fff]")


@pytest.mark.parametrize(
    "given,shown",
    [
        ("a\x1b[31mred\x1b[0m", "ared"),
        ("\x1b]0;title\x07x", "x"),
        ("\x1b]52;c;ZXZpbA==\x1b\\x", "x"),
        ("\x9b1mx\x9d0;t\x9cy", "xy"),
        ("\x1bPq#0\x1b\\x\x1b_apc\x1b\\y", "xy"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("a\tb\bc\x00", "a\tbc"),
        ("x\u202ey\u2066z\u200b", "xyz"),
        ("tag\U000e0041\U000e0042", "tag"),
        ("\U0001f468\u200d\U0001f469", "\U0001f468\u200d\U0001f469"),
        ("zalgo" + "\u0301" * 50, "zalgo" + "\u0301" * 4),
        ("lone \ud800", "lone \ufffd"),
    ],
)
def test_clean_shows_text_and_obeys_nothing(given: str, shown: str):
    assert clean(given) == shown


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ("a\U000e0069\U000e0067b", ("ab", 2)),
        ("a\ufe01\ufe02\U000e0101b", ("ab", 3)),
        ("\u2764\ufe0f and \u845b\U000e0100", ("\u2764\ufe0f and \u845b\U000e0100", 0)),
        ("e\u0301 \u202e \U0001f468\u200d\U0001f469", ("e\u0301 \u202e \U0001f468\u200d\U0001f469", 0)),
    ],
)
def test_overt_takes_out_what_spells_words_unseen_and_nothing_else(given: str, seen: tuple[str, int]):
    assert overt(given) == seen


def test_visible_writes_out_what_a_person_must_see_to_decide():
    assert clean("rm \u202efdp.exe\x1b[2K", visible=True) == "rm <U+202E>fdp.exe<U+001B>[2K"


@given(HOSTILE)
def test_nothing_obeyed_survives_cleaning(text: str):
    assert OBEYED.search(clean(text)) is None
    assert OBEYED.search(clean(text, visible=True)) is None


@given(HOSTILE, st.integers(min_value=0, max_value=40), st.integers(min_value=0, max_value=40))
def test_a_torn_stream_is_as_clean_as_the_whole(text: str, one: int, two: int):
    cuts = sorted((min(one, len(text)), min(two, len(text))))
    cleaner = StreamCleaner()
    pieces = (text[: cuts[0]], text[cuts[0] : cuts[1]], text[cuts[1] :])
    streamed = "".join(cleaner.feed(piece) for piece in pieces) + cleaner.flush()
    assert OBEYED.search(streamed) is None


@pytest.mark.parametrize("cut", range(1, 12))
def test_an_escape_torn_anywhere_leaves_no_trace(cut: int):
    text = "a\x1b[1;31mb\x1b]0;t\x07c"
    cleaner = StreamCleaner()
    assert cleaner.feed(text[:cut]) + cleaner.feed(text[cut:]) + cleaner.flush() == "abc"


def test_an_escape_that_never_ends_is_shown_as_text_in_the_end():
    cleaner = StreamCleaner()
    shown = cleaner.feed("\x1b]" + "x" * 5000) + cleaner.flush()
    assert shown.endswith("x" * 5000)


def test_one_line_flattens_and_limits():
    assert one_line("a\n  b\tc") == "a b c"
    assert one_line("x" * 300, limit=10) == "x" * 9 + "\u2026"


def test_well_formed_text_encodes():
    assert well_formed("a\ud83db").encode() == b"a\xef\xbf\xbdb"


def test_shorten_keeps_head_and_tail_and_counts_the_rest():
    text = "".join(f"line {i}\n" for i in range(1000))
    short = shorten(text, 400)
    assert short.text.startswith("line 0\n") and short.text.endswith("line 999\n")
    assert f"{short.omitted_lines:,} lines" in short.text and len(short.text) < 480


@given(st.text(max_size=400), st.integers(min_value=20, max_value=200))
def test_shorten_never_loses_uncounted_text(text: str, limit: int):
    short = shorten(text, limit)
    kept = short.text if not short.omitted_chars else short.text.split("[... ")[0]
    assert text.startswith(kept.rstrip("\n")) and (short.omitted_chars == 0) == (len(text) <= limit)
