"""Thinking that arrived as text: `<think>…</think>`, or everything before a lone closer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ollama_code.providers.recover.declared import Declared
from ollama_code.providers.recover.find import blocks
from ollama_code.providers.recover.written import Block, State

_TAG = re.compile(r"(?P<open><think(?:ing)?>)|(?P<close></think(?:ing)?>)|`+[^`\n]*`+")

_THERE = (State.WHOLE, State.UNCLOSED, State.BRACE)
"""States of a call whose values are all closed."""


@dataclass(frozen=True)
class Split:
    thinking: str
    text: str


def split_thinking(content: str, declared: Declared) -> Split:
    """Thinking and text of `content`. A tag inside the values of a call or a code span is content; thinking that
    begins inside a broken call belongs to that."""
    if "think" not in content:
        return Split("", content)
    calls, broken = _calls(content, declared)
    thoughts: list[str] = []
    text: list[str] = []
    at, opened, closed_once, within = 0, -1, False, 0
    for tag in _TAG.finditer(content):
        if tag.lastgroup is None or _inside(tag, calls):
            continue
        if opened < 0 and (within if tag.lastgroup == "close" else _inside(tag, broken)):
            within += 1 if tag.lastgroup == "open" else -1
            continue
        if tag.lastgroup == "open":
            if opened < 0:
                text.append(content[at : tag.start()])
                opened = tag.end()
        elif opened >= 0:
            thoughts.append(content[opened : tag.start()])
            at, opened = tag.end(), -1
        elif not closed_once:
            thoughts.append("".join(text) + content[at : tag.start()])
            text, at = [], tag.end()
        closed_once = closed_once or tag.lastgroup == "close"
    (thoughts if opened >= 0 else text).append(content[opened if opened >= 0 else at :])
    return Split("\n".join(thoughts).strip(), "".join(text))


def _calls(content: str, declared: Declared) -> tuple[list[Block], list[Block]]:
    """Those with all of their values, and the others."""
    found = blocks(content, declared)
    whole = [block for block in found if block.calls[-1].state in _THERE]
    return whole, [block for block in found if block not in whole]


def _inside(tag: re.Match[str], calls: list[Block]) -> bool:
    return any(block.calls[0].start < tag.start() and tag.end() <= block.calls[-1].end for block in calls)
