from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_code.tools.edit.closest import closest_lines
from ollama_code.tools.edit.match import MOST_HITS, How, changes, find
from ollama_code.tools.files.document import Span


def applied(body: str, spans: tuple[Span, ...]) -> str:
    for span in reversed(spans):
        body = body[: span.start] + span.text + body[span.end :]
    return body


def replaced(body: str, old: str, new: str) -> tuple[How, str]:
    found = find(body, old, new)
    assert found is not None
    assert len(found.hits) == 1
    return found.how, applied(body, found.hits[0].spans)


LINES = st.lists(st.sampled_from(["a", "b", "  a", "", "\u201cq\u201d", "x y"]), max_size=8).map("\n".join)


@given(LINES, LINES)
def test_the_least_changes_make_the_old_text_the_new(old: str, new: str) -> None:
    assert applied(old, changes(old, new)) == new


@given(LINES, LINES.filter(bool), LINES, LINES)
def test_an_exact_match_is_replaced_literally(head: str, old: str, new: str, tail: str) -> None:
    body = f"{head}\n<{old}>\n{tail}"
    assert replaced(body, f"<{old}>", f"<{new}>") == (How.EXACT, f"{head}\n<{new}>\n{tail}")


def test_overlapping_places_are_all_counted_but_replaced_apart() -> None:
    found = find("aaa", "aa", "b")
    assert found is not None
    assert [hit.start for hit in found.hits] == [0, 1]
    every = find("aaa", "aa", "b", every=True)
    assert every is not None
    assert [hit.start for hit in every.hits] == [0]


def test_folded_quotes_match_and_unchanged_ones_stay_typographic() -> None:
    body = "He said \u201chello\u201d \u2013 twice.\nBye.\n"
    how, after = replaced(body, 'He said "hello" - twice.', 'He said "hello" - three times.')
    assert how is How.FOLDED
    assert after == "He said \u201chello\u201d \u2013 three times.\nBye.\n"


def test_a_no_break_space_matches_a_space() -> None:
    assert replaced("10\u00a0km\n", "10 km", "11 km") == (How.FOLDED, "11\u00a0km\n")


def test_trailing_whitespace_missing_in_old_matches_and_survives_on_unchanged_lines() -> None:
    how, after = replaced("def f():  \n    a\t\n    b\n", "def f():\n    a\n    b", "def f():\n    a\n    c")
    assert (how, after) == (How.TRIMMED, "def f():  \n    a\t\n    c\n")


def test_a_final_newline_that_the_file_does_not_have_is_no_obstacle() -> None:
    assert replaced("one \ntwo", "one\ntwo\n", "one\n2\n") == (How.TRIMMED, "one \n2")


@pytest.mark.parametrize(
    ("body", "old", "new", "expected"),
    [
        (
            "class A:\n    def f(self):\n        return 1\n",
            "def f(self):\n    return 1\n",
            "def f(self):\n\n    return 2\n",
            "class A:\n    def f(self):\n\n        return 2\n",
        ),
        (
            "def f():\n    return 1\n",
            "        def f():\n            return 1",
            "        def f():\n            return 2",
            "def f():\n    return 2\n",
        ),
        (
            "\tif x:\n\t\tgo()\n",
            "    if x:\n        go()",
            "    if x:\n        go()\n        stop()",
            "\tif x:\n\t\tgo()\n\t\tstop()\n",
        ),
    ],
)
def test_one_shift_of_the_indentation_is_found_and_applied_to_the_new_text(
    body: str, old: str, new: str, expected: str
) -> None:
    assert replaced(body, old, new) == (How.SHIFTED, expected)


def test_an_indentation_that_differs_line_by_line_is_no_match() -> None:
    assert find("a:\n      b\n    c\n", "a:\n  b\n  c", "x") is None


def test_new_lines_left_of_the_shift_are_refused_instead_of_guessed() -> None:
    assert find("x\n  y\n", "    x\n      y", "    x\nz") is None


def test_relaxed_rungs_are_closed_to_replace_all() -> None:
    assert find("a \nb\n", "a\nb", "c", every=True) is None


def test_whitespace_alone_is_only_found_exactly() -> None:
    assert find("a\n\t\nb\n", "   \n   ", "x") is None


def test_the_closest_lines_name_the_first_difference_with_visible_tabs() -> None:
    told = closest_lines("def f():\n\treturn one\n", "def f():\n    return two\n")
    assert "lines 1-2" in told
    assert r"Line 2 differs first: the file has \"\treturn one\"".replace('\\"', '"') in told


def test_the_closest_line_is_found_by_its_words() -> None:
    told = closest_lines(
        "import os\n\ntotal = compute_total(items, tax)\n", "total = compute_totals(items, vat)"
    )
    assert "line 3" in told


def test_nothing_similar_is_said_so() -> None:
    assert "Nothing in the file is similar" in closest_lines("alpha\nbeta\n", "zzz(qqq)")


@pytest.mark.parametrize("line", ["x\n", "x \n", " x\n"], ids=["exact", "trimmed", "shifted"])
def test_a_text_that_repeats_without_end_is_known_to_be_ambiguous_soon(line: str) -> None:
    found = find("x\n" * 200_000, line * 500, line.replace("x", "y") * 500)
    assert found is not None
    assert len(found.hits) == MOST_HITS
