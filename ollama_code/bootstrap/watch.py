"""Who looks on while the proxy works, and sees the answers of models and the runs of tools."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Protocol

from ollama_code.core.audit import Record, unrecorded
from ollama_code.ports import ChatRequest, Chunk


class Chat(Protocol):
    """The answer to a request, when it is its turn; who is `behind` lets all others pass. Raises: ProviderError."""

    def __call__(self, request: ChatRequest, *, behind: bool = False) -> AsyncGenerator[Chunk, None]: ...


def unwatched(chat: Chat) -> Chat:
    return chat


@dataclass(frozen=True)
class Watch:
    """`over` gives a chat that does the same and is seen; `record` hears what the audit log hears."""

    over: Callable[[Chat], Chat] = unwatched
    record: Record = unrecorded
