"""How a tool is found by what a model calls it, and which tools a session has."""

from __future__ import annotations

import json

import pytest
from pydantic import BaseModel, Field

from ollama_code.core.errors import UsageError
from ollama_code.core.permission import Kind
from ollama_code.tools.base import Alias, Params, Tool
from ollama_code.tools.schema import parameters
from ollama_code.tools.toolset import Toolset


class Nothing(Params):
    pass


class ReadFile(Tool[Nothing]):
    name = "read_file"
    description = "r"
    kind = Kind.READ
    params = Nothing


class Edit(Tool[Nothing]):
    name = "edit"
    description = "e"
    kind = Kind.EDIT
    params = Nothing


TOOLS = Toolset(
    (ReadFile(), Edit()), (Alias("open", "read_file", {}), Alias("first", "read_file", {"offset": 0}))
)


@pytest.mark.parametrize(
    "spelling", ["read_file", "ReadFile", "read-file", "READ_FILE", "functions.read_file", "default_api:read_file",
                 "read_file<|channel|>commentary", "read_file:0", " open "]
)  # fmt: skip
def test_spellings_of_a_name_find_the_tool(spelling: str):
    assert TOOLS.find(spelling).tool.name == "read_file"


@pytest.mark.parametrize("name", ["read", "read_files", "edit_all", "", "apply_edit", "open_file"])
def test_another_name_is_no_tool_however_near(name: str):
    assert TOOLS.find(name) is None


def test_an_alias_carries_its_defaults():
    assert TOOLS.find("first").defaults == {"offset": 0}


def test_a_tool_wins_over_an_alias_of_the_same_name():
    assert Toolset((ReadFile(), Edit()), (Alias("edit", "read_file", {}),)).find("edit").tool.name == "edit"


def test_core_and_exclude_choose_by_name_or_alias():
    assert TOOLS.only(["open"], []).names == ("read_file",)
    assert TOOLS.only(None, ["open"]).names == ("edit",)
    assert TOOLS.only(None, ["open"]).find("open") is None


def test_choosing_a_tool_that_does_not_exist_says_what_is_near():
    with pytest.raises(UsageError, match="read_file"):
        TOOLS.only(["read_fil"], [])


class Inner(BaseModel):
    git: bool = Field(default=True, description="G.")


class Rich(Params):
    path: str = Field(description="P.", min_length=1)
    limit: int | None = Field(default=None, ge=1, description="L.")
    kinds: tuple[str, ...] = ()
    inner: Inner = Inner()
    many: tuple[Inner, ...] = ()


def test_schema_keeps_only_what_the_server_keeps():
    schema = parameters(Rich)
    assert schema["properties"]["path"] == {"type": "string", "description": "P."}
    assert schema["properties"]["limit"] == {"type": "integer", "description": "L."}
    assert schema["required"] == ["path"]
    assert "$defs" not in json.dumps(schema) and "default" not in json.dumps(schema)


def test_no_property_has_two_extra_keys_which_one_renderer_prints_in_random_order():
    for name, node in parameters(Rich)["properties"].items():
        assert len(set(node) - {"type", "description"}) <= 1, name
