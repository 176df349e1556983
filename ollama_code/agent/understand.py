"""From an answer as it arrived to what the agent does with it: the recovery ladder, at work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ollama_code.agent.step import Draft
from ollama_code.core.messages import AssistantMessage, ToolCall
from ollama_code.providers.recover import Declared, Turn, WireError, judge

_NOTHING = "Your answer was empty. Answer, or call a tool."
_CUT = "Your answer reached its length limit before a call in it was complete. Send the call again, with less in it."


@dataclass(frozen=True)
class Understood:
    """`message` goes into the history. Of its calls those in `refused` do not run: each gets its reason as a result.
    With `note` nothing runs, and the model is asked again with it; `thought_only` says that it only thought."""

    message: AssistantMessage
    refused: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    why: str = ""
    thought_only: bool = False


def understood(draft: Draft, tools: Declared) -> Understood:
    """What `draft` means. An answer that was bound by a schema is taken at its word."""
    plain = draft.message()
    if draft.bound:
        why = _CUT if draft.end and draft.end.reason == "length" else _NOTHING
        return Understood(plain) if not draft.is_empty() else Understood(plain, note=why, why=why)
    verdict = judge(_turn(draft), tools)
    if verdict.outcome == "ask" and not (draft.calls and verdict.refused):
        thought_only = bool(plain.thinking.strip()) and not verdict.text.strip() and not draft.fault
        message = plain.model_copy(update={"text": verdict.text, "calls": ()})
        return Understood(message, note=verdict.note, why=verdict.why, thought_only=thought_only)
    refused = {refusal.call.id: refusal.why for refusal in verdict.refused if refusal.call.id}
    calls = (*verdict.calls, *(one.call for one in verdict.refused if one.call.id and one.call.name))
    message = plain.model_copy(update={"text": verdict.text, "calls": _in_order(calls, draft.calls)})
    return Understood(message, refused, why=verdict.why)


def _turn(draft: Draft) -> Turn:
    said = draft.message()
    fault = draft.fault
    return Turn(
        content=said.text,
        thinking=said.thinking,
        native=said.calls,
        done_reason=draft.end.reason if draft.end else None,
        error=WireError(fault.status, fault.said or str(fault), fault.midstream) if fault else None,
        tap="".join(draft.raw) if draft.raw else None,
    )


def _in_order(calls: tuple[ToolCall, ...], arrived: list[ToolCall]) -> tuple[ToolCall, ...]:
    """Refused calls stand where they were made."""
    place = {call.id: number for number, call in enumerate(arrived)}
    return tuple(sorted(calls, key=lambda call: place.get(call.id, len(place))))
