"""The ladder: what one assistant turn means. Values in, values out; the rungs are tried from the surest to the
last, and when none holds the model is asked again. No rung ever runs another tool than the one named."""

from __future__ import annotations

from dataclasses import replace

from ollama_code.core.messages import ToolCall
from ollama_code.core.text import one_line
from ollama_code.providers.recover.declared import Declared
from ollama_code.providers.recover.fault import salvaged
from ollama_code.providers.recover.find import blocks
from ollama_code.providers.recover.native import natives
from ollama_code.providers.recover.place import explained, standing
from ollama_code.providers.recover.resolve import Ready, fresh_id, readable
from ollama_code.providers.recover.tap import compared, is_blind
from ollama_code.providers.recover.thought import split_thinking
from ollama_code.providers.recover.tokens import edged, without_invented
from ollama_code.providers.recover.turn import Refused, Turn, Verdict, WireError

_AGAIN = "Send it again, complete and as a tool call."
_UNREADABLE = "Your tool call could not be read. " + _AGAIN
_CUT_SHORT = "Your answer was cut off before its end. Answer again, in smaller steps."
_EMPTY = "Your answer was empty, or a tool call in it could not be read. Answer, or call a tool again."
_ONLY_THOUGHT = "You only thought about it. Answer now, or call a tool."


def judge(turn: Turn, declared: Declared) -> Verdict:
    """What `turn` means: the calls to run, the text to show, or the note to ask again with."""
    if turn.done_reason is None and turn.error is None:
        text = edged(split_thinking(turn.content, declared).text)
        return Verdict("ask", "The stream ended without a last chunk.", text=text, note=_CUT_SHORT)
    blind = is_blind(turn, declared)
    if not blind and (told := compared(turn, declared)):
        text = split_thinking(told.text, declared).text
        return _verdict(told.judged, _beside(text), "The raw text shows the calls.")
    if turn.error:
        return _failed(turn.error, turn, declared, blind=blind)
    return _delivered(turn, declared)


def _failed(error: WireError, turn: Turn, declared: Declared, *, blind: bool) -> Verdict:
    text = edged(split_thinking(turn.content, declared).text)
    found = salvaged(error, declared) if blind else None
    if found is None:
        return Verdict("ask", f'The server said: "{one_line(error.message)}".', text=text, note=_UNREADABLE)
    tool, arguments = found
    call = ToolCall(id=fresh_id(), name=tool.name, arguments=arguments)
    return Verdict("repaired", "The error carries the arguments of one reading tool.", (call,), text)


def _delivered(turn: Turn, declared: Declared) -> Verdict:
    split = split_thinking(turn.content, declared)
    if turn.native:
        judged = natives(turn, split.text, declared)
        return _verdict(judged, _beside(split.text), "The server delivered calls.")
    found = standing(split.text, declared)
    if found.calls:
        judged = [readable(call, turn, declared) for call in found.calls]
        return _verdict(judged, found.text, "The text holds calls.")
    if found.text:
        return Verdict("none", "An ordinary answer.", text=found.text)
    return _silent("\n".join(part for part in (turn.thinking, split.thinking) if part), turn, declared)


def _silent(thinking: str, turn: Turn, declared: Declared) -> Verdict:
    """A turn without text and call: only what the thinking ends with is left."""
    found = blocks(thinking, declared)
    if found and not explained(thinking, found[-1].end, len(thinking)):
        judged = [readable(call, turn, declared) for call in found[-1].calls]
        return _verdict(judged, "", "The thinking ends with a call.")
    if thinking.strip():
        return Verdict("ask", "Only thinking came.", note=_ONLY_THOUGHT)
    return Verdict("ask", "Nothing came.", note=_EMPTY)


def _beside(text: str) -> str:
    """The text that stands beside calls: what the model invented as their result is dropped."""
    return edged(without_invented(text))


def _verdict(judged: list[Ready | Refused], text: str, why: str) -> Verdict:
    ready: dict[str, Ready] = {}
    refused: list[Refused] = []
    for one in judged:
        if isinstance(one, Refused):
            refused.append(one)
        else:
            ready.setdefault(one.key, one)
    calls = tuple(one.call for one in ready.values())
    verdict = Verdict("native", why, calls, text, refused=tuple(refused))
    if not calls:
        reasons = " ".join(dict.fromkeys(one.why for one in refused))
        return replace(verdict, outcome="ask", why=reasons, note=f"{reasons} {_AGAIN}")
    changed = any(one.changed for one in ready.values())
    return replace(verdict, outcome="repaired" if changed else "native")
