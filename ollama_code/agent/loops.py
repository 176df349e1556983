"""Notices a model that goes round in circles: the same call, the same result, nothing changed in between.

Counts, and asks no model. Reading what was edited since, or running the tests after a change, is no circle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ollama_code.core.messages import ToolCall

ALLOWED = 2
"""How often a call may give the same result in an unchanged world: the next one is not run."""
PATIENCE = 3
"""Refusals after which the turn ends and the person is asked."""
World = Callable[[], Awaitable[str]]
"""A short value that differs when a file of the project does."""


@dataclass(frozen=True)
class _Deed:
    key: str
    result: str
    world: str


async def unchanging() -> str:
    """The world of a session without files."""
    return ""


class LoopGuard:
    """For one turn. The world is looked at only when a call comes again, because looking costs a walk."""

    def __init__(self, world: World = unchanging) -> None:
        self.refusals = 0
        self._world = world
        self._deeds: list[_Deed] = []
        self._seen: set[str] = set()

    async def refusal(self, call: ToolCall) -> str:
        """Why `call`, under the tool's own name, is not to run, or nothing."""
        key = _key(call)
        same = [deed for deed in self._deeds if deed.key == key]
        alike = [deed for deed in same if deed.result == same[-1].result]
        if len(alike) < ALLOWED or await self._world() != alike[-1].world:
            return ""
        self.refusals += 1
        return (
            f"This call of {call.name} gave the same result {len(alike)} times, and nothing has changed since. It "
            "was not run again. Use the result you have, try something else, or say what stands in the way."
        )

    async def note(self, call: ToolCall, result: str) -> None:
        """`call` was run and said `result`."""
        key = _key(call)
        if key not in self._seen:
            self._seen.add(key)
            self._deeds.append(_Deed(key, _digest(result), ""))
            return
        self._deeds.append(_Deed(key, _digest(result), await self._world()))

    def forget(self) -> None:
        """The model cannot see old results any more, so it may ask for them again."""
        self._deeds.clear()
        self._seen.clear()

    @property
    def exhausted(self) -> bool:
        return self.refusals >= PATIENCE


def _key(call: ToolCall) -> str:
    return f"{call.name} {json.dumps(call.arguments, sort_keys=True)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
