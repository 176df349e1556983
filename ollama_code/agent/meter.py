"""How full the context window is: what the server counted, plus an estimate of what came since.

No tokenizer is asked: Ollama has no route for it, and models differ. The estimate learns from what was counted."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ollama_code.core.errors import ContextOverflow
from ollama_code.core.head import Head, WireTool
from ollama_code.core.messages import AssistantMessage, Message, ToolMessage, UserMessage
from ollama_code.core.text import shorten
from ollama_code.core.usage import Usage

CHARS_PER_TOKEN = 3.2
"""Code in a common tokenizer, rounded towards more tokens: an estimate too high costs a little room, one too
low costs the task."""
CAUTION = 0.9
"""What is left of a learned ratio, because the next text may be denser than the last."""
WORST = 0.6
"""Share of the ratio that text nobody has counted yet may have: lists of numbers, minified code."""
PIECE_TOKENS = 0.75
"""Tokens for each word of up to eight letters, digit, line end, and sign or row of the same sign. Only in dense text
is that more than the ratio says: many tokenizers spend a token on each digit."""
IMAGE_TOKENS = 768
"""What Ollama itself counts for a picture when it fits a prompt."""
MESSAGE_TOKENS = 8
"""Role tags and line feeds that a template adds around a message."""
_PROSE = 4.5
"""Bytes per token of plain English: nothing an agent reads has more."""
MARGIN = 0.02
"""Share of the window kept free for what an estimate cannot see."""
SMALLEST_ANSWER = 256
"""Tokens below which a model cannot even write one call."""
_SURE_SHARE = 1 / 8
"""Share of the window that an answer may take, if it is free, however rough the estimate is."""
_DOUBT = 1 / 4
"""Share of a prompt by which its estimate may be too low where the server has not counted any of it."""
_TOO_LONG = 1.05
"""Share of the window that a prompt at least has of which is only known that it did not fit."""
_EVIDENCE_TOKENS = 200
_BELIEVABLE = (1.0, 8.0)
"""Bytes per token. A count outside belongs to another prompt than the one that was sent."""
_MOST_COUNTS = 4096
_PIECES = re.compile(r"\d|[^\W\d]{1,8}|([^\w\s])\1{0,3}|\n")


@dataclass(frozen=True)
class Measured:
    """The head and the first `messages` messages have `tokens` tokens. `prompt_tokens` is the server's last count,
    of a prompt that began so; 0 when there is none."""

    messages: int
    tokens: int
    prompt_tokens: int = 0


class Pieces:
    """How many pieces a text has, counted once, because that is slow, and asked for often. Kept by hash: two texts
    with the same one would make an estimate wrong and nothing else."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._tools: tuple[WireTool, ...] = ()
        self._tool_texts: tuple[str, ...] = ()

    def texts(self, head: Head) -> tuple[str, ...]:
        """What is read before the messages. The tools are most often those of the request before, and to compare
        them is five times as fast as to write them."""
        if head.tools != self._tools:
            self._tools, self._tool_texts = head.tools, tuple(map(_json, head.tools))
        return (head.system, *self._tool_texts)

    def count(self, text: str) -> int:
        key = hash(text)
        if key not in self._counts:
            if len(self._counts) >= _MOST_COUNTS:
                self._counts.clear()
            self._counts[key] = len(_PIECES.findall(text))
        return self._counts[key]


class Meter:
    """Follows one history. Every complete reply makes the estimate exact again. `chars_per_token` is what was
    learned of the model before; `pieces` may be shared with meters whose histories begin with the same texts."""

    def __init__(
        self, head: Head, chars_per_token: float | None = None, pieces: Pieces | None = None
    ) -> None:
        self.num_ctx = head.num_ctx
        """The window in tokens: the one asked for, or a smaller one that the server turned out to have."""
        self.learned = chars_per_token
        """Bytes of text for each token as the server counted them, `None` before it did."""
        self._head = head
        self._ratio = _careful(chars_per_token) if chars_per_token else CHARS_PER_TOKEN
        self._pieces = pieces or Pieces()
        self.measured = Measured(0, self.head_tokens)

    @property
    def head_tokens(self) -> int:
        """Tokens of the system text and the tools, about."""
        return sum(map(self._tokens, self._pieces.texts(self._head))) + MESSAGE_TOKENS

    @property
    def body_tokens(self) -> int:
        """Tokens of the window that are left to the conversation."""
        return max(self.num_ctx - self.head_tokens, self.num_ctx // 4)

    def restart(self, history: Sequence[Message] = ()) -> None:
        """The history was replaced by `history`: what the server counted no longer holds."""
        self.measured = Measured(len(history), self.head_tokens + self.size(history))

    def go_on_with(self, head: Head, history: Sequence[Message]) -> None:
        """`history` stands behind another head."""
        self._head = head
        self.restart(history)

    def ahead(self, prompt: Sequence[Message], usage: Usage) -> None:
        """The server has counted a request that was made ahead: its last message is not said yet, and its words are
        still to come."""
        self.read(prompt, usage)
        if usage.prompt_tokens:
            counted = usage.prompt_tokens - self.size(prompt[-1:])
            self.measured = Measured(len(prompt) - 1, counted, counted)

    def size(self, messages: Sequence[Message]) -> int:
        """Tokens of some messages alone, about."""
        return sum(self._message_tokens(message) for message in messages)

    def used(self, history: Sequence[Message]) -> int:
        """Tokens that a request with this history has, about."""
        return self.measured.tokens + self.size(history[self.measured.messages :])

    def worst(self, history: Sequence[Message]) -> int:
        """The same if all that was not counted yet is as dense as text gets."""
        since = self.size(history[self.measured.messages :])
        return self.measured.tokens + int(since / WORST)

    def read(self, prompt: Sequence[Message], usage: Usage) -> None:
        """The server has counted a request with these messages."""
        if usage.prompt_tokens:
            self.measured = Measured(len(prompt), usage.prompt_tokens, usage.prompt_tokens)
            self._calibrate(prompt, usage.prompt_tokens)

    def note(self, history: Sequence[Message], usage: Usage) -> None:
        """A reply is complete and is the last message of `history`."""
        self.read(history[:-1], usage)
        if usage.prompt_tokens:
            thought = isinstance(history[-1], AssistantMessage) and bool(history[-1].thinking)
            unsent = thought and not self._head.sends_thinking
            reply = self.size(history[-1:]) if unsent else usage.generated_tokens
            self.measured = Measured(len(history), usage.prompt_tokens + reply, usage.prompt_tokens)

    def overflowed(self, prompt: Sequence[Message], tokens: int, num_ctx: int) -> None:
        """The server has a window of `num_ctx` tokens, in which a request with these messages did not fit: it has
        `tokens`. 0 is for a number that the server did not tell."""
        if num_ctx:
            self.num_ctx = min(self.num_ctx, num_ctx)
        if tokens:
            self._calibrate(prompt, tokens)
        tokens = tokens or max(int(self.num_ctx * _TOO_LONG), self.used(prompt))
        if ratio := self._ratio_of(prompt, tokens):
            self._ratio = min(self._ratio, ratio)
        self.measured = Measured(len(prompt), tokens)

    def answer_room(self, history: Sequence[Message]) -> int:
        """Tokens left for an answer: the `num_predict` with which the server does not shift the context, also where
        what nobody has counted is longer than it looks. Only a part that an answer needs is never taken from it.
        Raises: ContextOverflow when nothing useful is left."""
        used = self.used(history)
        room = int(self.num_ctx * (1 - MARGIN)) - used
        if room < SMALLEST_ANSWER:
            message = (
                f"The conversation has about {used:,} tokens and the context window holds {self.num_ctx:,}, "
                "so no answer fits. Make room with /compact, or start a new session, maybe with a larger window "
                "(--num-ctx)."
            )
            raise ContextOverflow(message, prompt_tokens=used, num_ctx=self.num_ctx)
        return max(room - self._doubt(history), min(room, int(self.num_ctx * _SURE_SHARE)))

    def _doubt(self, history: Sequence[Message]) -> int:
        """Tokens by which the estimate may be too low."""
        estimated = 0 if self.measured.prompt_tokens else self.measured.tokens
        return self.worst(history) - self.used(history) + int(estimated * _DOUBT)

    def result_budget(self, history: Sequence[Message], calls: int) -> int:
        """Characters that the result of one of `calls` calls may have: a quarter of the window at most, and
        together never more than half of what is free."""
        free = max(self.num_ctx - self.used(history), 0)
        tokens = min(self.num_ctx // 4, free // (2 * max(calls, 1)))
        return max(int(tokens * self._ratio), 200)

    def fitted(self, text: str, tokens: int) -> str:
        """`text`, or as much of its head and tail as `tokens` hold, about."""
        text = shorten(text, int(max(tokens, 1) * _BELIEVABLE[1])).text
        while (size := self._tokens(text)) > tokens and len(text) > 200:
            text = shorten(text, max(int(len(text) * tokens / size * 0.95) - 60, 100)).text
        return text

    def _calibrate(self, prompt: Sequence[Message], tokens: int) -> None:
        if ratio := self._ratio_of(prompt, tokens):
            self.learned = round(ratio, 2)
            self._ratio = _careful(ratio)

    def _ratio_of(self, prompt: Sequence[Message], tokens: int) -> float | None:
        """Bytes of text per token; `None` when the count says nothing about them."""
        images = sum(_images(message) for message in prompt)
        counted = tokens - images * IMAGE_TOKENS - MESSAGE_TOKENS * (len(prompt) + 1)
        if counted < _EVIDENCE_TOKENS:
            return None
        turn = max((i for i, m in enumerate(prompt) if isinstance(m, UserMessage)), default=0)
        # Many templates leave out the thinking of past turns.
        sent = [text for i, message in enumerate(prompt) for text in self._texts(message, thinking=i > turn)]
        ratio = sum(map(_bytes, (*self._pieces.texts(self._head), *sent))) / counted
        return ratio if _BELIEVABLE[0] <= ratio <= _BELIEVABLE[1] else None

    def _message_tokens(self, message: Message) -> int:
        text = sum(map(self._tokens, self._texts(message)))
        return text + MESSAGE_TOKENS + _images(message) * IMAGE_TOKENS

    def _tokens(self, text: str) -> int:
        size_bytes = _bytes(text)
        if size_bytes > self.num_ctx * _BELIEVABLE[1]:  # too long however it is counted
            return int(size_bytes / self._ratio)
        return int(max(size_bytes / self._ratio, self._pieces.count(text) * PIECE_TOKENS))

    def _texts(self, message: Message, *, thinking: bool = True) -> tuple[str, ...]:
        """What a request carries of `message`."""
        if not isinstance(message, AssistantMessage):
            return (message.text,)
        if message.written:
            return (message.written,)
        said = (message.text, *(_json(call.arguments) + call.name for call in message.calls))
        return (message.thinking, *said) if thinking and self._head.sends_thinking else said


def _careful(ratio: float) -> float:
    return min(ratio, _PROSE) * CAUTION


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _bytes(text: str) -> int:
    """In UTF-8, where a sign of another script than Latin has as many bytes as it costs tokens, about."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _images(message: Message) -> int:
    return len(message.images) if isinstance(message, UserMessage | ToolMessage) else 0
