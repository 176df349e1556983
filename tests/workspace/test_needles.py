from __future__ import annotations

import pytest
import regex
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ollama_code.workspace.needles import needles


@pytest.mark.parametrize(
    "pattern,found",
    [
        ("def main", ("def main",)),
        ("TODO|FIXME", ("TODO", "FIXME")),
        (r"def\s+\w+_foo", ("_foo",)),
        (r"foo\(bar\)", ("foo(bar)",)),
        ("colou?r", ("colo",)),
        ("ab{2,3}cd", ("cd",)),
        ("(abc|xyz)def", ("def",)),
        ("(?=never)real", ("real",)),
        ("[|]pipe", ("pipe",)),
        ("[[:alpha:]]]abc", ("]abc",)),
        ("if x {$", ("if x ",)),
        ("naïvest", ("vest",)),
    ],
)
def test_the_longest_certain_text_is_read_off(pattern: str, found: tuple[str, ...]):
    assert needles(pattern, case_sensitive=True) == found


@pytest.mark.parametrize(
    "pattern",
    [r"\d+", "a|bcd", "(?i)abc", "(?x) a b c", r"(ab)\1", "(?:foo){e<=1}", "foo{e}", r"\x41bcd", "x?y?", ""],
)
def test_where_nothing_is_certain_nothing_is_said(pattern: str):
    assert needles(pattern, case_sensitive=True) is None


def test_letters_that_fold_beyond_ascii_end_a_needle_without_regard_to_case():
    assert needles("FIXME", case_sensitive=False) == ("XME",)
    assert needles("class", case_sensitive=False) == ("cla",)


_ATOM = st.sampled_from(
    r"a b k S ab ba \. . \w \s [ab] [^a] []a] [[:alpha:]] (ab) (a|b) (?:ba) (?=a) (?!b) (?<=a) (?P<n>ab)"
    r" ^ $ \b { } ] a{b \[ |".split()
)
_PATTERN = st.lists(
    st.tuples(_ATOM, st.sampled_from(["", "", "", "?", "*", "+", "{0,1}", "{2}", "{,1}", "+?", "*+"])).map(
        "".join
    ),
    max_size=6,
).map("".join)


@settings(max_examples=400, deadline=None)
@given(pattern=_PATTERN, text=st.text(alphabet="abkKSsſ. ]{[}é", max_size=12), case_sensitive=st.booleans())
def test_a_text_without_any_needle_never_matches(pattern: str, text: str, case_sensitive: bool):
    flags = 0 if case_sensitive else regex.IGNORECASE
    try:
        compiled = regex.compile(pattern, flags)
    except regex.error:
        assume(False)
        raise
    found = needles(pattern, case_sensitive=case_sensitive)
    if found and compiled.search(text, timeout=5):
        folded = text if case_sensitive else text.lower()
        assert any((one if case_sensitive else one.lower()) in folded for one in found)
