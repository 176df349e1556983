"""The help of a narrow terminal."""

from __future__ import annotations

from ollama_code.commands.registry import COMMANDS, help_text


def test_help_names_every_command_and_fits_80_columns_with_a_margin():
    rows = help_text().splitlines()
    assert max(map(len, rows)) <= 74
    assert all(any(row.strip().startswith(f"/{name}") for row in rows) for name in COMMANDS)
