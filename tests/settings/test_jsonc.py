"""Hand-written JSON: what is tolerated, and how errors name their place."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_code.core.errors import UsageError
from ollama_code.settings.jsonc import SIZE_LIMIT_BYTES, parse

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=20,
)


def complaint(text: str | bytes) -> str:
    with pytest.raises(UsageError) as caught:
        parse(text.encode() if isinstance(text, str) else text, "s.json")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1} // end', {"a": 1}),
        ('/* first\nsecond */ {"a": /**/ 1}', {"a": 1}),
        ('{"a": [1, 2, ], }', {"a": [1, 2]}),
        ('{"a": [1, /* x */ ] , // y\n}', {"a": [1]}),
        ('{"url": "http://x/*y*/", "b": ",}"}', {"url": "http://x/*y*/", "b": ",}"}),
        (r'{"a": "\"// no comment"}', {"a": '"// no comment'}),
        ("\ufeff{}", {}),
        ("", {}),
        (" // nothing yet\n", {}),
        ('{"a": {"k": 1}, "b": {"k": 2}}', {"a": {"k": 1}, "b": {"k": 2}}),
    ],
)
def test_comments_and_trailing_commas_are_no_part_of_the_value(text: str, expected: object) -> None:
    assert parse(text.encode(), "s.json") == expected


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), VALUES), st.sampled_from([None, 1]))
def test_plain_json_means_what_it_always_means(value: object, indent: int | None) -> None:
    assert parse(json.dumps(value, ensure_ascii=False, indent=indent).encode(), "s.json") == value


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ('{\n  // note\n  "a": 1\n  "b": 2\n}', "s.json:4:3", "comma"),
        ('{"a": 1,\n /* x */ "b" 2}', "s.json:2:14", "colon"),
        ('{"a": tru}', "s.json:1:7", "value"),
        ('{"a": "x\n}', "s.json:1:9", "ends with its line"),
        ('{"a": 1} {}', "s.json:1:10", "more follows"),
        ("{}\n/* open", "s.json:2:1", "never closed"),
        ("/*/", "s.json:1:1", "never closed"),
        ('{"a": [,]}', "s.json:1:8", "value"),
        ("{,}", "s.json:1:2", "key"),
        ('{"a": 1,,}', "s.json:1:9", "key"),
        ('{"a": {"x": 1,\n "x": 2}}', "s.json:2:2", 'key "x"'),
        ('{"a": 1, "\\u0061": 2}', "s.json:1:10", 'key "a"'),
        ("[]", "s.json:1:1", "object"),
    ],
)
def test_an_error_names_line_and_column(text: str, place: str, why: str) -> None:
    message = complaint(text)
    assert message.startswith(place + ":")
    assert why in message


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a": NaN}', "NaN"),
        ('{"a": -Infinity}', "Infinity"),
        ('{"a": ' + "9" * 5000 + "}", "ordinary number"),
        ('{"a": ' + "[" * 100_000, "nested too deeply"),
        (r'{"a": "\ud83d"}', "half of a"),
        (b'{"a":\n"\xff"}', "s.json:2"),
        ('{"a": 1}'.encode("utf-16"), "UTF-8"),
        (b"{" + b" " * SIZE_LIMIT_BYTES + b"}", "larger"),
    ],
)
def test_what_no_setting_can_be_is_refused(text: str | bytes, why: str) -> None:
    assert why in complaint(text)


def test_many_openers_and_no_closer_are_one_error() -> None:
    assert "never closed" in complaint("/* " * 300_000)
