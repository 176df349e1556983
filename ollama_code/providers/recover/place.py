"""Where a call stands in delivered text: as a call, or displayed to the person.

A call stands alone or closes the turn after a sentence of intent. What is explained, introduced as an example or
part of data is displayed, and is never run."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ollama_code.providers.recover.declared import Declared
from ollama_code.providers.recover.find import CALL_FENCES, CODE_FENCES, blocks
from ollama_code.providers.recover.tokens import edged, garbage_end, head_end, without_invented
from ollama_code.providers.recover.written import Block, State, Written

_EXAMPLE = re.compile(
    r"\b(?:examples?|e\.g|for instance|like this|like so|such as|looks? like|would look|would be"
    r"|should be|could|can be|is declared|is called with|format|syntax|schema|sample|template|fixtures?|snippet"
    r"|documentation|beispiel|etwa so|exemple|ejemplo|esempio|exemplo|przykład|например|пример)\b|例",
    re.IGNORECASE,
)
"""Words that introduce something shown, not something done."""
_ABBREVIATED = re.compile(r"\b(?:e\.\s?g|i\.\s?e|z\.\s?B|p\.\s?ej|np|ex)\.,?\Z", re.IGNORECASE)
_SENTENCE_END = (".", "!", "?", "…", "。", "！", "？", ">")
_INTENT = re.compile(
    r"\b(?:I|I'll|I'm|let me|let's|we|we'll|ich|je|yo|voy|vou|vado|nous|wir|я)\b|^\W*\w+ing\b|\bj'"
    r"|сейчас|сначала|我|让我",
    re.IGNORECASE,
)
"""Words of one who is about to act."""

_WRAPPED = re.compile(r"(?:\s*(?:<[^<>\n]{1,60}>|^[ \t]*Thought:[^\n]*))+\Z", re.MULTILINE)
"""What belongs to a call in front of it: tags that no dialect has, the thought before an action."""


@dataclass(frozen=True)
class Standing:
    """`calls` stand as calls; `text` is what is visible without them."""

    calls: tuple[Written, ...]
    text: str


def standing(text: str, declared: Declared) -> Standing:
    found = blocks(text, declared)
    kept = [block for number, block in enumerate(found) if is_call(text, found, number, declared)]
    if not kept:
        return Standing((), edged(text))
    return Standing(tuple(call for block in kept for call in block.calls), _visible(text, kept))


def explained(text: str, end: int, until: int) -> bool:
    """Whether words follow a call: not garbage, not an invented result."""
    return bool(edged(without_invented(text[garbage_end(text, end) : until])))


def is_call(text: str, found: list[Block], number: int, declared: Declared) -> bool:
    """Whether block `number` of those `found` in `text` stands as a call, to run or to fail."""
    block = found[number]
    before = found[number - 1].end if number else 0
    until = found[number + 1].start if number + 1 < len(found) else len(text)
    intro = _WRAPPED.sub("", text[max(before, head_end(text)) : block.start].strip())
    shown = explained(text, block.end, until)
    alone = len(found) == 1 and not shown and not intro
    if any(declared.find(call.name) is None for call in block.calls) and not _announces(block, alone):
        return False
    if block.announced and block.fence is None:
        aside = shown and (intro.endswith((":", "：")) or _is_within_line(text, block, intro))
        return not (aside or _is_introduced(intro))
    if block.fence in CODE_FENCES:
        return alone
    return not shown and not _is_shown_by(intro)


def _announces(block: Block, alone: bool) -> bool:
    """Whether an undeclared name is a call that fails, and not just data."""
    if alone:
        return block.announced or not any(call.odd or call.state is State.BROKEN for call in block.calls)
    return block.announced and (block.fence is None or block.fence in CALL_FENCES)


def _is_introduced(intro: str) -> bool:
    """Whether the words before run on into the call as into an example."""
    last = _last_sentence(intro)
    return _runs_on(last) and bool(_EXAMPLE.search(last))


def _is_within_line(text: str, block: Block, intro: str) -> bool:
    """Whether a sentence that says nothing of acting runs on into the call and, on its last line, behind it."""
    line = text[: block.start].rpartition("\n")[2].strip()
    space = text[len(text[: block.end].rstrip()) : block.end]
    goes_on = bool(line) and not line.endswith(_SENTENCE_END) and "\n" not in space
    return goes_on and not _INTENT.search(_last_sentence(intro))


def _is_shown_by(intro: str) -> bool:
    """Whether the words before introduce something to look at instead of saying what comes next."""
    last = _last_sentence(intro)
    if _INTENT.search(last):
        return _is_introduced(intro)
    return _runs_on(last) or bool(_EXAMPLE.search(last))


def _runs_on(sentence: str) -> bool:
    return sentence.endswith((":", "：")) or sentence[-1:].isalnum() or bool(_ABBREVIATED.search(sentence))


def _last_sentence(intro: str) -> str:
    line = intro.rpartition("\n")[2]
    return re.split(r"(?<=[.!?。！？])\s", line[-400:])[-1]


def _visible(text: str, kept: list[Block]) -> str:
    """`text` without the calls and without what was invented behind them."""
    pieces, at = [], 0
    for block in kept:
        pieces.append(text[at : block.start])
        at = block.end
    pieces.append(without_invented(text[at:]))
    return "\n\n".join(piece for piece in map(edged, pieces) if piece)
