"""JSON as models write it: what has one meaning is read, what is cut or has two is not."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_code.core.loose import PYTHON, Broken, Cut, read, whole

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9999, 9999) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(value=JSON)
def test_json_is_read_as_json(value):
    assert whole(json.dumps(value)) == value


@given(value=JSON.filter(lambda value: isinstance(value, (dict, list)) and value))
def test_python_literals_are_read_as_python_reads_them(value):
    assert read(repr(value), 0, PYTHON).value == value


@given(value=st.dictionaries(st.text("ab"), JSON, min_size=1, max_size=3), share=st.floats(0, 1))
def test_cut_object_is_never_whole(value, share: float):
    text = json.dumps(value)
    with pytest.raises(Broken):
        whole(text[: int(share * (len(text) - 1))])


@pytest.mark.parametrize(
    "text,value",
    [
        ("{a: 1}", {"a": 1}),
        ("{'a': 'b'}", {"a": "b"}),
        ('{"a": 1,}', {"a": 1}),
        ('{"a": [1, 2,],}', {"a": [1, 2]}),
        ('{"a": True, "b": None}', {"a": True, "b": None}),
        ('{"a": "x\ny"}', {"a": "x\ny"}),
        ('{// first\n"a": 1 /* one */}', {"a": 1}),
        ('{"a": "//x", "b": "#y"}', {"a": "//x", "b": "#y"}),
        ('{"a": "\\d+\\."}', {"a": "\\d+\\."}),
        ('{"a": "say "hi""}', {"a": 'say "hi"'}),
        ("{'a': 'it's'}", {"a": "it's"}),
        ('{"a": 1}}}', {"a": 1}),
        ('{a:<|"|>x"y<|"|>,b:<escape>\\n<escape>}', {"a": 'x"y', "b": "\\n"}),
        ('{"a": """x"y"""}', {"a": 'x"y'}),
    ],
)
def test_other_ways_to_write_it_are_read(text: str, value):
    assert whole(text) == value


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "x", "y", "b": 1}',
        '{"a": "x "y", "b": "z"}',
        '{"a": x}',
        '{"a": f("x")}',
        '{"a" 1}',
        '{"a": NaN}',
    ],
)
def test_two_meanings_or_none_are_broken(text: str):
    with pytest.raises(Broken):
        whole(text)


@pytest.mark.parametrize(
    "text", ['{"a": "x', '{"a": ', '{"a": 1', '{"a": tr', '{"a"', '{"a": {"b": 1}, ', '{"a": "\\']
)
def test_end_inside_a_value_is_a_cut(text: str):
    with pytest.raises(Cut):
        read(text)


def test_missing_last_brace_is_told():
    assert read('{"a": {"b": "x"}').missing == 1


def test_number_keeps_the_way_it_is_written():
    assert whole("[1.10]")[0].text == "1.10"


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "9" * 5000])
def test_what_no_reader_can_hold_is_broken(text: str):
    with pytest.raises(Broken):
        whole(text)
