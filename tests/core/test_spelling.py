"""What is a spelling of a name, and what is another name."""

from __future__ import annotations

import pytest

from ollama_code.core.spelling import Spellings

NAMES = Spellings({"read_file": 1, "edit": 2})


@pytest.mark.parametrize(
    "spelling",
    ["read_file", "ReadFile", "read-file", "readFile", "functions.read_file", "default_api.read_file", "read_file:0",
     "functions.read_file:12", "read_file<|channel|>commentary", "read_file<｜tool▁sep｜>", " read_file\n"],
)  # fmt: skip
def test_spelling_finds_the_name(spelling: str):
    assert NAMES.find(spelling) == 1


@pytest.mark.parametrize(
    "other", ["", "read", "read_files", "read_fileread_file", "github.read_file", "edit_all", "_"]
)
def test_another_name_finds_nothing(other: str):
    assert NAMES.find(other) is None
