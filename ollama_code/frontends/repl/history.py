"""The prompts of earlier sessions, as prompt_toolkit wants them: newest first."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from prompt_toolkit.history import History

from ollama_code.storage.history import InputHistory


class PromptHistory(History):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._kept = InputHistory(path)

    def load_history_strings(self) -> Iterable[str]:
        return reversed(self._kept.load())

    def store_string(self, string: str) -> None:
        self._kept.append(string)
