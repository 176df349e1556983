"""Lines typed at the prompt, kept across sessions: one JSON string a line, so that a prompt of many lines is one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from prompt_toolkit.history import History

KEPT = 1000
"""Most lines that are read back."""


class PromptHistory(History):
    """Never raises for a file that cannot be read or written: history is a comfort, not data."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def load_history_strings(self) -> Iterable[str]:
        try:
            rows = self._path.read_text(encoding="utf-8").splitlines()[-KEPT:]
        except (OSError, UnicodeDecodeError):
            return
        for row in reversed(rows):
            try:
                text = json.loads(row)
            except ValueError:
                continue
            if isinstance(text, str):
                yield text

    def store_string(self, string: str) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with open(self._path, "a", encoding="utf-8", opener=_private) as file:
                file.write(json.dumps(string) + "\n")
        except OSError:
            return


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
