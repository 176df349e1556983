"""What is mended in a model's arguments, and what is refused."""

from __future__ import annotations

from typing import Literal

import pytest
from pydantic import Field

from ollama_code.core.errors import ToolError
from ollama_code.core.permission import Kind
from ollama_code.tools.arguments import fit
from ollama_code.tools.base import Params, Tool


class Everything(Params):
    absolute_path: str
    limit: int = 10
    ratio: float = 1.0
    deep: bool = False
    names: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    mode: Literal["a", "b"] = "a"
    content: str = Field(default="", description="Text.")


class Sample(Tool[Everything]):
    name = "sample"
    kind = Kind.READ
    params = Everything
    argument_aliases = {"file_path": "absolute_path", "text": "content"}


def fitted(**arguments):
    return fit(Sample(), {"absolute_path": "p", **arguments}, {}).params


@pytest.mark.parametrize(
    "given,field,value",
    [
        ({"limit": "10"}, "limit", 10),
        ({"limit": 5.0}, "limit", 5),
        ({"limit": "007"}, "limit", 7),
        ({"ratio": "0.5"}, "ratio", 0.5),
        ({"ratio": 2}, "ratio", 2.0),
        ({"deep": "True"}, "deep", True),
        ({"names": "one"}, "names", ("one",)),
        ({"names": '["a","b"]'}, "names", ("a", "b")),
        ({"numbers": ["1", 2]}, "numbers", (1, 2)),
        ({"content": 42}, "content", "42"),
        ({"content": '{"a": 1}'}, "content", '{"a": 1}'),
        ({"content": "true"}, "content", "true"),
        ({"content": "null"}, "content", ""),
        ({"limit": None}, "limit", 10),
        ({"Limit": 3}, "limit", 3),
        ({"text": "x"}, "content", "x"),
    ],
)
def test_form_is_mended(given, field: str, value: object):
    assert getattr(fitted(**given), field) == value


@pytest.mark.parametrize("key", ["absolutePath", "file_path", "filePath", "path", "AbsolutePath"])
def test_another_name_of_the_required_argument_is_understood(key: str):
    assert fit(Sample(), {key: "p"}, {}).params.absolute_path == "p"


def test_an_envelope_around_the_real_arguments_is_opened():
    assert fit(Sample(), {"tool": "sample", "arguments": {"path": "p"}}, {}).params.absolute_path == "p"


def test_defaults_of_an_alias_are_overruled_by_what_was_said():
    assert fit(Sample(), {"path": "p", "limit": 2}, {"limit": 7, "deep": True}).params.limit == 2


def test_unknown_optional_argument_is_left_out_with_a_note():
    fitted = fit(Sample(), {"path": "p", "colour": "red"}, {})
    assert "colour" in fitted.notes[0]


@pytest.mark.parametrize(
    "arguments,named",
    [
        ({}, "absolute_path"),
        ({"limit": 1, "colour": "red"}, "colour"),
        ({"path": "p", "limit": "ten"}, "limit"),
        ({"path": "p", "limit": 1.5}, "limit"),
        ({"path": "p", "limit": True}, "limit"),
        ({"path": "p", "limit": "\u0663"}, "limit"),
        ({"path": "p", "limit": "9" * 5000}, "limit"),
        ({"path": "p", "ratio": "9" * 5000}, "ratio"),
        ({"path": "p", "names": "[" * 100_000}, "names"),
        ({"path": "p", "deep": "yes"}, "deep"),
        ({"path": "p", "numbers": "7"}, "numbers"),
        ({"path": "p", "mode": "c"}, "mode"),
        ({"path": ["p"]}, "absolute_path"),
        ({"absolute_path": None}, "absolute_path"),
        ({"absolute_path": "p", "file_path": "q"}, "file_path"),
    ],
)
def test_meaning_is_never_guessed(arguments, named: str):
    with pytest.raises(ToolError, match=named) as caught:
        fit(Sample(), arguments, {})
    assert caught.value.type == "invalid_tool_params"
