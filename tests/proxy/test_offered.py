"""A client's schema, made into what a server keeps and prints in one order."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_code.frontends.proxy.offered import argument_schemas, declared, offered

EXTRA = {"properties", "items", "anyOf", "enum", "required"}


def parameters(schema: dict) -> dict:
    return argument_schemas([offered("tool", "", schema)])["tool"]


def one(schema: dict, **more) -> dict:
    """What becomes of a single property."""
    return parameters({"type": "object", "properties": {"a": schema}, **more})["properties"]["a"]


def test_the_order_of_keys_makes_no_difference():
    one = {"properties": {"a": {"type": "string", "description": "A"}}, "required": ["a"], "type": "object"}
    other = json.loads(json.dumps(one, sort_keys=True))
    assert json.dumps(offered("tool", "", one)) == json.dumps(offered("tool", "", other))


def test_a_tool_that_was_offered_before_is_not_taken_for_one_that_only_compares_equal():
    assert json.dumps([one({"enum": [given]})["enum"][0] for given in (1, True, 1.0)]) == "[1, true, 1.0]"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"type": "string", "minLength": 1, "$comment": "x"}, {"type": "string"}),
        ({"enum": ["x", "y"], "type": "string"}, {"type": "string", "enum": ["x", "y"]}),
        ({"const": "x"}, {"enum": ["x"]}),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": "string"}),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, {"anyOf": [{"type": "string"}, {"type": "integer"}]}),
        ({"items": {"type": "string"}}, {"type": "array", "items": {"type": "string"}}),
        ({"$ref": "#/$defs/B"}, {"type": "integer", "description": "B"}),
        ({"allOf": [{"$ref": "#/$defs/B"}], "description": "A"}, {"type": "integer", "description": "A"}),
        (True, {}),
        ({"$ref": "#/$defs/Missing"}, {}),
    ],
)  # fmt: skip
def test_a_property(given, expected):
    definitions = {"B": {"type": "integer", "description": "B"}}
    assert one(given, **{"$defs": definitions}) == expected


def test_what_a_nested_object_needs_is_said_in_words():
    nested = {
        "type": "object",
        "description": "A.",
        "properties": {"b": {"type": "string"}},
        "required": ["b"],
    }
    assert one(nested) == {
        "type": "object",
        "description": "A. Required: b.",
        "properties": {"b": {"type": "string"}},
    }


def test_a_reference_to_itself_ends():
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}
    assert json.dumps(parameters({"$ref": "#/$defs/Node", "$defs": {"Node": node}})).count("next") < 20


SCHEMAS = st.recursive(
    st.fixed_dictionaries({}, optional={"type": st.sampled_from(["string", "object"]), "description": st.just("d")}),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(st.sampled_from("ab"), inner),
            "required": st.just(["a"]),
            "items": inner | st.lists(inner) | st.booleans(),
            "anyOf": st.lists(inner),
            "enum": st.just(["x"]),
            "additionalProperties": st.booleans(),
        },
    ),
    max_leaves=8,
)  # fmt: skip


@given(SCHEMAS)
def test_no_property_has_two_keys_beside_type_and_description(schema: dict):
    def check(node: dict) -> None:
        for child in node.get("properties", {}).values():
            assert len(EXTRA & set(child)) <= 1
            check(child)

    check(parameters(schema))


@given(SCHEMAS)
def test_any_schema_can_be_judged_by(schema: dict):
    (tool,) = declared([offered("tool", "", schema)]).tools
    assert set(tool.signature.required) <= set(tool.signature.properties)
