"""How full the context window is: what the server measured, plus an estimate of what came since.

No tokenizer is asked: Ollama has no route for it, and models differ."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from ollama_code.core.errors import ContextOverflow
from ollama_code.core.head import Head
from ollama_code.core.messages import AssistantMessage, Message, ToolMessage, UserMessage
from ollama_code.core.usage import Usage

CHARS_PER_TOKEN = 3.2
"""Code in a common tokenizer, rounded towards more tokens: an estimate too high costs a little room, one too
low costs the task."""
IMAGE_TOKENS = 768
"""What Ollama itself counts for a picture when it fits a prompt."""
MESSAGE_TOKENS = 8
"""Role tags and line feeds that a template adds around a message."""
MARGIN = 0.02
"""Share of the window kept free for what an estimate cannot see."""
SMALLEST_ANSWER = 256
"""Tokens below which a model cannot even write one call."""


@dataclass(frozen=True)
class Measured:
    """The server counted `tokens` for the head and the first `messages` messages of the history."""

    messages: int
    tokens: int


class Meter:
    """Follows one history. Every complete reply makes the estimate exact again."""

    def __init__(self, head: Head) -> None:
        self._head = head
        self._measured = Measured(0, _head_tokens(head))

    def restart(self) -> None:
        """The history was replaced: what the server counted no longer holds."""
        self._measured = Measured(0, _head_tokens(self._head))

    def size(self, messages: Sequence[Message]) -> int:
        """Tokens of some messages alone, about."""
        return sum(_message_tokens(message) for message in messages)

    def used(self, history: Sequence[Message]) -> int:
        """Tokens that a request with this history has, about."""
        since = history[self._measured.messages :]
        return self._measured.tokens + self.size(since)

    def note(self, history: Sequence[Message], usage: Usage) -> None:
        """A reply is complete and is the last message of `history`."""
        if usage.prompt_tokens:
            total = usage.prompt_tokens + usage.generated_tokens
            self._measured = Measured(len(history), total)

    def answer_room(self, history: Sequence[Message]) -> int:
        """Tokens left for an answer: the `num_predict` with which the server never shifts the context.
        Raises: ContextOverflow when nothing useful is left."""
        used = self.used(history)
        room = int(self._head.num_ctx * (1 - MARGIN)) - used
        if room < SMALLEST_ANSWER:
            message = (
                f"The conversation has about {used:,} tokens and the context window holds {self._head.num_ctx:,}, "
                "so no answer fits. Make room with /compact, or start a new session, maybe with a larger window "
                "(--num-ctx)."
            )
            raise ContextOverflow(message, prompt_tokens=used, num_ctx=self._head.num_ctx)
        return room

    def result_budget(self, history: Sequence[Message], calls: int) -> int:
        """Characters that the result of one of `calls` calls may have: a quarter of the window at most, and
        together never more than half of what is free."""
        free = max(self._head.num_ctx - self.used(history), 0)
        tokens = min(self._head.num_ctx // 4, free // (2 * max(calls, 1)))
        return max(int(tokens * CHARS_PER_TOKEN), 200)


def _head_tokens(head: Head) -> int:
    characters = len(head.system) + sum(len(json.dumps(tool, ensure_ascii=False)) for tool in head.tools)
    return int(characters / CHARS_PER_TOKEN) + MESSAGE_TOKENS


def _message_tokens(message: Message) -> int:
    characters = len(message.text)
    images = 0
    match message:
        case AssistantMessage(thinking=thinking, calls=calls):
            arguments = sum(len(json.dumps(call.arguments, ensure_ascii=False)) for call in calls)
            characters += len(thinking) + arguments
        case UserMessage(images=pictures) | ToolMessage(images=pictures):
            images = len(pictures)
    return int(characters / CHARS_PER_TOKEN) + MESSAGE_TOKENS + images * IMAGE_TOKENS
