"""How the calls of the main agent ended, heard from what a session tells."""

from __future__ import annotations

from collections.abc import Mapping

from ollama_code.core.events import Event, MessageAdded, SessionStarted, ToolFinished, TurnStarted
from ollama_code.core.messages import AssistantMessage
from ollama_code.core.results import Ending


class Endings:
    """`known` grows with each event. A call of a turn counts as stopped until its result comes; of a call that came
    over from another session only what that one knew is known."""

    def __init__(self, known: Mapping[str, Ending]) -> None:
        self.known = dict(known)
        self._turns_began = False

    def hear(self, event: Event) -> None:
        match event:
            case SessionStarted(endings=endings):
                self.known.update(endings)
            case TurnStarted(agent="main"):
                self._turns_began = True
            case MessageAdded(agent="main", message=AssistantMessage(calls=calls)) if self._turns_began:
                self.known.update((call.id, "stopped") for call in calls)
            case ToolFinished(agent="main", call_id=call_id, result=result):
                self.known[call_id] = result.ending
            case _:
                pass
