"""Caps on size. Do not raise one to pass: split by idea."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.source import files, functions, module

FILE_LINES = 400
FUNCTION_LINES = 50
PARAMETERS = 5


@pytest.mark.parametrize("path", files(), ids=module)
def test_file_is_short(path: Path):
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= FILE_LINES


@pytest.mark.parametrize("path", files(), ids=module)
def test_functions_are_short_and_take_few_parameters(path: Path):
    long = [f.name for f in functions(path) if (f.end_lineno or f.lineno) - f.lineno + 1 > FUNCTION_LINES]
    wide = [f.name for f in functions(path) if _width(f) > PARAMETERS]
    assert (long, wide) == ([], [])


def _width(function) -> int:
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return len([a for a in arguments if a.arg not in ("self", "cls")])


@pytest.mark.parametrize("path", files(), ids=module)
def test_module_says_what_it_owns(path: Path):
    first = path.read_text(encoding="utf-8").lstrip()
    assert first.startswith('"""'), "no module docstring"
