"""Which installed models are offered, and with what said of them."""

from __future__ import annotations

from ollama_code.frontends.tui.dialogs.models import model_rows
from ollama_code.ports import ModelSummary


def summary(name: str, *capabilities: str) -> ModelSummary:
    return ModelSummary(name, digest="", size_bytes=0, capabilities=frozenset(capabilities))


def test_what_only_embeds_is_not_offered():
    rows = model_rows([summary("embed", "embedding"), summary("chat", "completion", "tools")])
    assert [row.name for row in rows] == ["chat"]


def test_a_server_that_names_no_capabilities_leaves_them_open():
    [row] = model_rows([summary("old")])
    assert (row.name, row.capabilities, row.warning) == ("old", (), "")


def test_a_model_without_tools_says_so_and_the_one_in_use_is_marked():
    rows = model_rows([summary("a", "completion"), summary("b", "completion", "tools")], current="b")
    assert [(row.warning, row.current) for row in rows] == [("no tools", False), ("", True)]
