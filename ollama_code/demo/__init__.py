"""The demo: a sample project with one bug, and the script of a model that finds it. Data and where to find it;
who plays the script is decided above."""

from __future__ import annotations

from importlib.resources import files

FIRST_PROMPT = "Find out why the tests fail and fix them"
"""What a front end may offer as the first message; the script answers any other as well."""


def script_text() -> str:
    """The script as it stands in `script.toml`."""
    return (files("ollama_code.demo") / "script.toml").read_text(encoding="utf-8")
