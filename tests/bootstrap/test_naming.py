"""Names that clients send, and the models they get."""

from __future__ import annotations

import pytest

from ollama_code.bootstrap.naming import is_elsewhere, meant
from ollama_code.core.errors import ModelMissing, ModelUnclear
from ollama_code.ports import ModelSummary

HERE = tuple(ModelSummary(name, "", 0, frozenset()) for name in ("tiny:latest", "claude-mine:latest"))


def unclear() -> str:
    raise ModelUnclear("Several.", ("a", "b"))


@pytest.mark.parametrize(
    "name",
    ["claude-sonnet-5", "claude-3-5-haiku-20241022", "gpt-4o", "gpt-5.2-codex", "o3", "o4-mini", "GPT-4"],
)
def test_models_of_vendors_cannot_be_here(name: str):
    assert is_elsewhere(name) and meant(name, HERE, lambda: "tiny") == "tiny"


@pytest.mark.parametrize(
    "name", ["gpt-oss", "gpt-oss:20b", "tiny", "someone/claude-like", "claude", "olmo", "gpt-4:7b"]
)
def test_names_that_may_be_a_local_model_are_not_taken_for_another(name: str):
    assert not is_elsewhere(name)


@pytest.mark.parametrize("name", ["tiny", "TINY:latest", "claude-mine", "gpt-oss:120b-cloud"])
def test_what_is_installed_or_in_the_cloud_is_taken_by_its_name(name: str):
    assert meant(name, HERE, unclear) == name


def test_no_name_is_the_default_one():
    assert meant("", HERE, lambda: "tiny") == "tiny"


def test_a_name_nobody_knows_is_told_with_those_that_are_there():
    with pytest.raises(ModelMissing, match=r'"nope:7b" is not installed.*tiny:latest, claude-mine:latest\.'):
        meant("nope:7b", HERE, lambda: "tiny")


def test_without_a_default_a_vendors_name_is_told_with_what_to_do():
    with pytest.raises(ModelMissing, match="--default-model"):
        meant("claude-sonnet-5", HERE, unclear)


def test_no_name_and_no_default_stays_unclear():
    with pytest.raises(ModelUnclear):
        meant("", HERE, unclear)
