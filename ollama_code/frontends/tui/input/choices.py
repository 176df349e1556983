"""What completion offers: choices as data, and the two sources the prompt asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ollama_code.workspace.fuzzy import Paths, best

_MOST = 50
"""Who has not found it by then types another letter."""


@dataclass(frozen=True)
class Choice:
    """`value` takes the place of the word, without its mark; `note` stands beside it."""

    value: str
    note: str = ""


class CompletionSource(Protocol):
    async def complete(self, word: str) -> Sequence[Choice]:
        """Choices for what has been typed so far, the best first. Is cancelled when more is typed."""


@dataclass(frozen=True)
class Sources:
    commands: CompletionSource
    files: CompletionSource


class CommandChoices:
    """The commands there are now: all for no letters, else those that hold the letters, the nearest first."""

    def __init__(self, commands: Callable[[], Sequence[Choice]]) -> None:
        self._commands = commands

    async def complete(self, word: str) -> Sequence[Choice]:
        commands = {command.value: command for command in self._commands()}
        if not word:
            return tuple(commands.values())
        return tuple(commands[name] for name in best(word, Paths.of(tuple(commands)), _MOST))


class FileChoices:
    """Paths from a search such as `FileIndex.search`: letters and the most paths wanted in, paths out."""

    def __init__(self, search: Callable[[str, int], Awaitable[Sequence[str]]]) -> None:
        self._search = search

    async def complete(self, word: str) -> Sequence[Choice]:
        return tuple(Choice(path) for path in await self._search(word.removeprefix("./"), _MOST))
