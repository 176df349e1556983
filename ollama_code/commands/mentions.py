"""`@path` in what a person types: the named files and folders ride along with the message."""

from __future__ import annotations

import re

_MENTION = re.compile(r"(?<![^\s(\[{\"'`])@((?:\\.|[^\s\\,;!?()\[\]{}\"'`])+)")


def mentioned(text: str) -> tuple[str, ...]:
    """The paths after `@`, each once, in order; `\\ ` stands for a blank, a full stop at the end is punctuation."""
    found = (re.sub(r"\\(.)", r"\1", match.group(1)).rstrip(".:") for match in _MENTION.finditer(text))
    return tuple(dict.fromkeys(path for path in found if path))
