"""Arguments made to fit a schema that comes from anywhere: an own tool's, or one of a server."""

from __future__ import annotations

import pytest

from ollama_code.core.coercion import Signature, fit_arguments
from ollama_code.core.errors import ToolError

TEXT, WHOLE = {"type": "string"}, {"type": "integer"}
READ = Signature(
    "read_file",
    {"type": "object", "properties": {"absolute_path": TEXT, "limit": WHOLE}, "required": ["absolute_path"]},
)
ITEM = {"type": "object", "properties": {"id": TEXT, "rank": WHOLE}, "required": ["id"]}
LIST = Signature(
    "todo",
    {"type": "object", "properties": {"todos": {"type": "array", "items": ITEM}}, "required": ["todos"]},
)


@pytest.mark.parametrize(
    "given",
    [
        {"tool_name": "read_file", "parameters": {"absolute_path": "a"}},
        {"tool": "ReadFile", "arguments": {"absolute_path": "a"}},
        {"arguments": '{"absolute_path": "a"}'},
        {"path": "a"},
        {"absolutePath": "a", "limit": None},
        {"path": "a", "reason": "to see"},
    ],
)
def test_real_arguments_are_found(given):
    assert fit_arguments(given, READ).values == {"absolute_path": "a"}


@pytest.mark.parametrize(
    "given",
    [
        {"tool": "write_file", "arguments": {"absolute_path": "a"}},
        {"path": "a", "file": "b"},
        {"absolutePath": "a", "path": "b"},
        {"path": "a", "limit": "ten"},
        {"path": "a", "limit": 1.5},
        {"path": {"a": 1}},
        {"path": True},
        {"limit": 3},
    ],
)
def test_two_readings_or_none_are_refused(given):
    with pytest.raises(ToolError):
        fit_arguments(given, READ)


def test_items_of_a_list_are_typed_too():
    fitted = fit_arguments({"todos": "[{'id': 1, 'rank': '2'}]"}, LIST)
    assert fitted.values == {"todos": [{"id": "1", "rank": 2}]}


def test_item_without_what_it_needs_is_refused():
    with pytest.raises(ToolError, match="id"):
        fit_arguments({"todos": [{"rank": 1}]}, LIST)


def test_an_open_schema_keeps_what_it_does_not_name():
    note = Signature("note", {"type": "object", "properties": {"title": TEXT}}, open=True)
    given = {"Title": "x", "path": "p", "more": {"a": 1}}
    assert fit_arguments(given, note).values == {"title": "x", "path": "p", "more": {"a": 1}}


def test_an_open_schema_without_properties_takes_anything_as_it_is():
    anything = Signature("anything", {"type": "object"}, open=True)
    assert fit_arguments({"input": {"a": 1}}, anything).values == {"input": {"a": 1}}
