"""The one setting the first paint needs, read without the rest: what is wrong with the file is told by `load`."""

from __future__ import annotations

from ollama_code.core.errors import UsageError
from ollama_code.paths import Home
from ollama_code.settings.jsonc import SIZE_LIMIT_BYTES, parse


def wanted_theme(home: Home) -> str:
    """The theme the person's file names; empty when it names none or cannot be read."""
    try:
        with home.settings.open("rb") as file:
            value = parse(file.read(SIZE_LIMIT_BYTES), "settings.json").get("theme", "")
    except (OSError, UsageError):
        return ""
    return value if isinstance(value, str) else ""
