"""The tools of a client's session, in the order in which they were first offered.

Clients that load tools on the way put them among the others; the engine would read all that follows again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import cast

from pydantic import JsonValue

from ollama_code.core.head import WireTool

_SESSIONS = ("x-claude-code-session-id", "x-session-id", "session-id")
_MOST_SESSIONS = 64
_MOST_TOOLS = 1000


class ToolOrder:
    """Remembers the names of some sessions, the latest ones. A request that names no session keeps its own order."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[str, dict[str, int]] = OrderedDict()

    def ordered(self, tools: Sequence[WireTool], headers: Mapping[str, str]) -> tuple[WireTool, ...]:
        session = next((headers[name] for name in _SESSIONS if headers.get(name)), "")
        if not session or not tools:
            return tuple(tools)
        places = self._sessions.setdefault(session, {})
        self._sessions.move_to_end(session)
        if len(self._sessions) > _MOST_SESSIONS:
            self._sessions.popitem(last=False)
        if len(places) > _MOST_TOOLS:
            places.clear()
        for tool in tools:
            places.setdefault(_name(tool), len(places))
        return tuple(sorted(tools, key=lambda tool: places[_name(tool)]))


def _name(tool: WireTool) -> str:
    return str(cast(dict[str, JsonValue], tool["function"])["name"])
