"""`@path` in what a person types: the named files and folders ride along with the message."""

from __future__ import annotations

import re

_MENTION = re.compile(
    r"""(?<![^\s(\[{"'`])@(?:"([^"\n]+)"|((?:\\.|[^\s\\,;!?()\[\]{}"'`])+))""",
)


def mentioned(text: str) -> tuple[str, ...]:
    """The paths after `@`, each once, in order. A path with blanks is quoted, `@"my file"`, or escaped,
    `@my\\ file`; a full stop at the end is punctuation."""
    found = (match.group(1) or _plain(match.group(2)) for match in _MENTION.finditer(text))
    return tuple(dict.fromkeys(path for path in found if path))


def _plain(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word).rstrip(".:")
