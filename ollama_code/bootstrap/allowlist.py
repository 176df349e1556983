"""How allowed commands are given, to flags and to Python programs alike. Imports nothing: `--help` reads it."""

from __future__ import annotations

from collections.abc import Sequence


def allowlist(given: str | Sequence[str] | None) -> tuple[str, ...] | None:
    """`Bounds.commands` from a list, or from one text with commas."""
    if given is None:
        return None
    entries = given.split(",") if isinstance(given, str) else given
    return tuple(entry.strip() for entry in entries if entry.strip())
