"""The tool in docs/adding.md works, and so does its test."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.docs.pages import blocks, page

TOOL, _, TEST, *_ = blocks(page("docs/adding.md"), "python")


async def test_the_tool_passes_its_own_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    name = "ollama_code.tools.count"
    monkeypatch.setitem(sys.modules, name, _module(name, TOOL))
    test = _module("test_count", TEST)
    await test.test_a_last_line_without_line_feed_counts(tmp_path)


def _module(name: str, source: str) -> ModuleType:
    module = ModuleType(name)
    exec(source, module.__dict__)
    return module
