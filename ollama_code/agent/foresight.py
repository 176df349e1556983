"""What would be said to a call, without making it and without asking anybody."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pydantic import JsonValue, ValidationError

from ollama_code.agent.runtime import Tooling
from ollama_code.core.errors import ToolError
from ollama_code.core.permission import PermissionRequest
from ollama_code.permissions.policy import Decision
from ollama_code.tools.arguments import fit
from ollama_code.tools.base import Call

_CALL = Call(id="foreseen", budget_chars=1000)


@dataclass(frozen=True)
class Foresight:
    """`request` is `None` for a call that touches nothing anybody would have to be asked about."""

    tool: str
    decision: Decision
    request: PermissionRequest | None = None


async def foresee(tooling: Tooling, name: str, words: str) -> Foresight:
    """`words` are the chief argument, a command or a path, or all arguments as a JSON object.
    Raises: ToolError for a tool that is not there, and what the call would fail with before anybody is asked."""
    found = tooling.toolset.find(name)
    if found is None:
        near = " or ".join(tooling.toolset.nearest(name))
        raise ToolError(f"There is no tool named {name}.{f' Did you mean {near}?' if near else ''}")
    tool, arguments = found.tool, _arguments(words)
    try:
        if arguments is None:
            request = await tool.about(words, _CALL)
        else:
            request = await tool.permission(fit(tool, arguments, found.defaults).params, _CALL)
    except ValidationError as e:
        raise ToolError(
            f"{tool.name} takes more than words. Give its arguments as JSON: /permissions {tool.name} {{...}}"
        ) from e
    if request is None:
        return Foresight(tool.name, Decision("allow", "it touches nothing that needs asking"))
    return Foresight(tool.name, tooling.gate.foretell(request), request)


def _arguments(words: str) -> dict[str, JsonValue] | None:
    if not words.startswith("{"):
        return None
    try:
        found = json.loads(words)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
