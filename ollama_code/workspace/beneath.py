"""Whether a program that shows all that lies beneath a folder would show secrets. Looks at names; opens no file."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from dataclasses import dataclass

from ollama_code.core.text import one_line
from ollama_code.workspace.guarded import against_reading

MOST_ENTRIES = 20_000
"""Names that are looked at: a tenth of a second. A folder with more is not known, and said to be so."""
_PASSED_OVER = ".git"
"""Its names are those of branches and objects."""


@dataclass(frozen=True)
class Manner:
    """How the program goes through a folder: into what is `hidden` by a dot, and through `links`."""

    hidden: bool = True
    links: bool = False


async def secrets_beneath(folder: str, manner: Manner) -> str:
    """Why showing all beneath `folder`, absolute, may show secrets, as the end of a sentence, or ""."""
    return await asyncio.to_thread(_secrets_beneath, folder, manner)


def _secrets_beneath(folder: str, manner: Manner) -> str:
    waiting, left = deque([""]), MOST_ENTRIES
    while waiting:
        prefix = waiting.popleft()
        try:
            entries = list(os.scandir(f"{folder}/{prefix}"))
        except OSError:  # what we cannot list, the program cannot either, as a rule
            continue
        left -= len(entries)
        if left < 0:
            return f"holds more than {MOST_ENTRIES:,} files, which are too many to look for secrets"
        for entry in entries:
            path = f"{prefix}{entry.name}"
            if entry.name == _PASSED_OVER or (entry.name.startswith(".") and not manner.hidden):
                continue
            if entry.is_symlink():
                if manner.links:
                    return f"holds the link {one_line(path)}, which may lead anywhere"
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(f"{path}/")
            elif against_reading(path):
                return f"holds {one_line(path)}, which may hold secrets"
    return ""
