"""The raw text of a turn against what the server made of it: calls it kept, changed, finished or invented."""

from __future__ import annotations

from dataclasses import dataclass

from ollama_code.core.messages import ToolCall
from ollama_code.core.spelling import bare, plain
from ollama_code.providers.recover.declared import Declared
from ollama_code.providers.recover.find import blocks
from ollama_code.providers.recover.native import leftover_at
from ollama_code.providers.recover.place import explained, is_call
from ollama_code.providers.recover.resolve import Ready, delivered, readable
from ollama_code.providers.recover.turn import Refused, Turn
from ollama_code.providers.recover.written import Block, Written


@dataclass(frozen=True)
class Compared:
    """`judged` are the calls in the order of the raw text; `text` is the content without leftovers of them."""

    judged: list[Ready | Refused]
    text: str


def is_blind(turn: Turn, declared: Declared) -> bool:
    """Whether the raw text lacks what was delivered, as where the engine itself reads the calls. Where the raw text
    shows calls, one of a name that was never written is no sign of that: some servers redirect names."""
    raw = turn.tap
    if not raw:
        return True
    if not _holds(raw, turn.content) or not _holds(raw, turn.thinking):
        return True
    spelled = plain(raw)
    if all(_named(call, raw, spelled) for call in turn.native):
        return False
    return not any(_kept(turn, block) for block in blocks(raw, declared, raw=True))


def _named(call: ToolCall, raw: str, spelled: str) -> bool:
    return call.name in raw or plain(bare(call.name)) in spelled


def _holds(raw: str, delivered_text: str) -> bool:
    """Whether every line of the delivered text stands in the raw one, in order."""
    at = 0
    for line in delivered_text.splitlines():
        at = raw.find(line.strip(), at)
        if at < 0:
            return False
    return True


def compared(turn: Turn, declared: Declared) -> Compared | None:
    """What the raw text says of the calls of `turn`; `None` when it holds none that the server kept and none was
    delivered, so that the delivered text is all there is to judge."""
    raw = turn.tap or ""
    found = blocks(raw, declared, raw=True)
    places = [(number, written) for number, block in enumerate(found) for written in _kept(turn, block)]
    if not places and not turn.native:
        return None
    pairs = _pairs(turn, [written for _, written in places], declared)
    shown = {place: _is_shown(raw, found, place, declared) for place in {place for place, _ in places}}
    judged: list[Ready | Refused] = []
    for number, (place, written) in enumerate(places):
        native = pairs.get(number)
        if native is None and shown[place]:
            continue
        judged.append(_judged(written, native, turn, declared))
    if not judged and not turn.native:
        return None
    unpaired = [native for native in turn.native if native not in pairs.values()]
    judged += [Refused(native, "The model wrote no such call.") for native in unpaired]
    return Compared(judged, _without_leftovers(turn.content, raw, found))


def _kept(turn: Turn, block: Block) -> list[Written]:
    """The calls of one block that did not arrive as text or thinking."""
    raw = turn.tap or ""
    return [
        written for written in block.calls if not _arrived(raw[written.start : written.end].strip(), turn)
    ]


def _arrived(text: str, turn: Turn) -> bool:
    return bool(text) and (text in turn.content or text in turn.thinking)


def _pairs(turn: Turn, written: list[Written], declared: Declared) -> dict[int, ToolCall]:
    """The delivered call of each written one, by its number: first the equal ones, then by name in order."""
    pairs: dict[int, ToolCall] = {}
    left = list(turn.native)
    said = [readable(call, turn, declared) for call in written]
    for same in (_equal, _same_name):
        for number, call in enumerate(said):
            match = next((native for native in left if same(call, native, declared)), None)
            if number not in pairs and match is not None:
                pairs[number] = match
                left.remove(match)
    return pairs


def _equal(said: Ready | Refused, native: ToolCall, declared: Declared) -> bool:
    made = delivered(native, declared)
    return isinstance(said, Ready) and isinstance(made, Ready) and said.key == made.key


def _same_name(said: Ready | Refused, native: ToolCall, declared: Declared) -> bool:
    return plain(bare(said.call.name)) == plain(bare(native.name)) or not native.name


def _judged(written: Written, native: ToolCall | None, turn: Turn, declared: Declared) -> Ready | Refused:
    """The written call, as the server delivered it where that is the same."""
    said = readable(written, turn, declared)
    if isinstance(said, Refused) or native is None:
        return said
    made = delivered(native, declared)
    if isinstance(made, Ready) and made.key == said.key:
        return made
    return Ready(said.call.model_copy(update={"id": native.id}), said.reads, changed=True)


def _is_shown(raw: str, found: list[Block], number: int, declared: Declared) -> bool:
    """A kept block with an explanation behind it is no call, nor is one that no form announces and that would be
    displayed as text."""
    block = found[number]
    until = found[number + 1].start if number + 1 < len(found) else len(raw)
    if explained(raw, block.end, until):
        return True
    return not block.announced and not is_call(raw, found, number, declared)


def _without_leftovers(content: str, raw: str, found: list[Block]) -> str:
    """`content` without the end of a raw call that the server took for text."""
    at = leftover_at(content)
    if at < 0:
        return content
    for block in found:
        tail = raw[block.start : block.end].rstrip()
        shared = _shared_end(content.rstrip(), tail)
        if shared > len(content.rstrip()) - at - 1:
            return content.rstrip()[: len(content.rstrip()) - shared]
    return content


def _shared_end(one: str, other: str) -> int:
    length = 0
    while length < min(len(one), len(other)) and one[-1 - length] == other[-1 - length]:
        length += 1
    return length
