"""Notices a model that goes round in circles: the same call, the same result, nothing changed in between.

Counts, and asks no model. Reading what was edited since, or running the tests after a change, is no circle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from ollama_code.core.messages import ToolCall

ALLOWED = 2
"""How often a call may give the same result in an unchanged world: the next one is not run."""
MOST = 4
"""The same where compactions took the results from the model: what fills the window each time leads nowhere."""
PATIENCE = 3
"""Refusals after which the turn ends and the person is asked."""
_FILLS = 0.5
"""Share of its budget from which on a result may have been cut to it."""
World = Callable[[], Awaitable[str]]
"""A short value that differs when a file of the project does."""


@dataclass(frozen=True)
class _Deed:
    key: str
    result: str
    world: str
    seen: bool = True
    """Whether the model still has the result before it."""


async def unchanging() -> str:
    """The world of a session without files."""
    return ""


def gist(result: str, budget_chars: int, *, reads: bool) -> str:
    """What a result is known by. A reading that fills its budget shows as much as there was room for, so that the
    same one shows less as the window fills: it is known by the call and the world alone."""
    return "" if reads and len(result) >= budget_chars * _FILLS else result


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
        if len(alike) < ALLOWED:
            return ""
        alike = _since(await self._world(), alike)
        seen = [deed for deed in alike if deed.seen]
        if len(seen) < ALLOWED and len(alike) < MOST:
            return ""
        self.refusals += 1
        way = (
            "Use the result you have"
            if seen
            else "Its result leaves no room for anything else: ask for less of it"
        )
        return (
            f"This call of {call.name} gave the same result {len(alike)} times, and nothing has changed since. It "
            f"was not run again. {way}, try something else, or say what stands in the way."
        )

    async def note(self, call: ToolCall, result: str) -> None:
        """`call` was run and said `result`, or what that is known by."""
        key = _key(call)
        if key not in self._seen:
            self._seen.add(key)
            self._deeds.append(_Deed(key, _digest(result), ""))
            return
        self._deeds.append(_Deed(key, _digest(result), await self._world()))

    def forget(self) -> None:
        """The model cannot see old results any more, so it may ask for them again; but not for ever."""
        self._deeds = [replace(deed, seen=False) for deed in self._deeds]

    @property
    def exhausted(self) -> bool:
        return self.refusals >= PATIENCE


def _since(world: str, alike: list[_Deed]) -> list[_Deed]:
    """Those done in this `world`. The first of all stands by the second: its own was not looked at."""
    here = [deed for deed in alike if deed.world == world]
    return alike if here == alike[1:] else here


def _key(call: ToolCall) -> str:
    return f"{call.name} {json.dumps(call.arguments, sort_keys=True)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
