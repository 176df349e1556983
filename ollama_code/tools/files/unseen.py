"""Characters that nobody sees and that can make code read as something else than it does."""

from __future__ import annotations

from collections import Counter

from ollama_code.core.text import hidden


def newly_hidden(before: str, after: str) -> tuple[str, ...]:
    """Those of which `after` has more than `before`, spelled: `("<U+202E>",)`. Reads `before` only if it has to."""
    there = Counter(hidden(after))
    return tuple(sorted(there - Counter(hidden(before)))) if there else ()
