"""Calls that the server delivered, judged without the raw text: which of them it finished itself."""

from __future__ import annotations

import re

from ollama_code.providers.recover.declared import Declared
from ollama_code.providers.recover.find import blocks
from ollama_code.providers.recover.resolve import Ready, delivered
from ollama_code.providers.recover.tokens import CLOSER, PAIR_PREFIX, PREFIX
from ollama_code.providers.recover.turn import Refused, Turn

_ARGUMENT_END = (
    rf"</(?:{PAIR_PREFIX}arg_(?:value|key)|param(?:eter)?|function|invoke)>|</{PREFIX}(?:parameter|invoke)>"
    rf"|(?:[}}\])]|<\|\"\|>|<escape>)\s*(?:{CLOSER.pattern})"
)
_LEFT_OVER = re.compile(rf"(?:{_ARGUMENT_END})(?:\s|[}}\]]|{_ARGUMENT_END}|{CLOSER.pattern})*\Z")
_OPENED = re.compile(
    rf"<(?:{PAIR_PREFIX}arg_(?:value|key)|param(?:eter)?|function|invoke)\b|<{PREFIX}(?:parameter|invoke)\b"
)
_REACH = 2000
"""Characters at the end of the text in which closers left over are looked for."""


def natives(turn: Turn, text: str, declared: Declared) -> list[Ready | Refused]:
    """Each delivered call alone. The last one is refused where the server may have finished it: argument closers
    are left over in `text`, or the turn was cut at its length and the call does more than read."""
    judged = [delivered(call, declared) for call in turn.native]
    if not judged or isinstance(judged[-1], Refused):
        return judged
    last = judged[-1]
    if _is_left_over(text, declared):
        judged[-1] = Refused(turn.native[-1], "The server cut this call: its end came as text.")
    elif turn.done_reason == "length" and not last.reads:
        judged[-1] = Refused(turn.native[-1], "The answer reached its length limit, so this call may be cut.")
    return judged


def _is_left_over(text: str, declared: Declared) -> bool:
    """Whether closers are left over that belong to no call written in `text` itself."""
    at = leftover_at(text)
    return at >= 0 and not any(block.start < at <= block.end for block in blocks(text, declared))


def leftover_at(text: str) -> int:
    """Where argument closers without their openers end `text`, or -1."""
    text = text.rstrip()
    start = max(0, len(text) - _REACH)
    found = _LEFT_OVER.search(text, start)
    if not found or _OPENED.search(text, start, found.start()):
        return -1
    return found.start()
