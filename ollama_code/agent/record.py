"""What the audit log is told of a call."""

from __future__ import annotations

import json
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from ollama_code.agent.runtime import Tooling
from ollama_code.core.audit import Decided, Ran
from ollama_code.core.display import OutputBlock
from ollama_code.core.errors import ToolError
from ollama_code.core.permission import PermissionRequest
from ollama_code.core.results import ToolResult
from ollama_code.permissions.gate import Ruling
from ollama_code.tools.base import Call, Params


def canonical(params: Params) -> str:
    """The same text for the same arguments, whatever the model's spelling of them was."""
    return json.dumps(params.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)


def decided(request: PermissionRequest, arguments: str, ruling: Ruling, agent: str) -> Decided:
    return Decided(
        call=request.call_id,
        agent=agent,
        tool=request.tool,
        arguments=arguments,
        verdict="allow" if ruling.allow else "deny",
        by=ruling.by,
        why=ruling.why,
        remember=ruling.remember,
        digest=request.digest(arguments),
        scopes=request.scopes,
        reach=request.reach,
        cautions=tuple(caution.text for caution in request.cautions),
    )


def undeclared(tool: str, arguments: str, call: Call) -> Decided:
    """For a call that touches nothing anybody would have to be asked about."""
    why = "it touches nothing that needs asking"
    return Decided(
        call=call.id, agent=call.agent, tool=tool, arguments=arguments, verdict="allow", by="policy", why=why
    )


def typed(tool: str, arguments: str, call: Call) -> Decided:
    return Decided(
        call=call.id, agent=call.agent, tool=tool, arguments=arguments, verdict="allow", by="typed"
    )


@dataclass
class Run:
    result: ToolResult | None = None


@contextmanager
def timed(tooling: Tooling, tool: str, call: Call) -> Generator[Run]:
    """Record that a tool ran, how long and how it ended; the body puts its result into `Run`."""
    run, begun, outcome = Run(), time.monotonic(), "stopped"
    try:
        yield run
        outcome = _outcome(run.result)
    except ToolError as e:
        outcome = str(e.type)
        raise
    except Exception as e:
        outcome = type(e).__name__
        raise
    finally:
        ran = Ran(
            call=call.id,
            agent=call.agent,
            tool=tool,
            outcome=outcome,
            duration_s=round(time.monotonic() - begun, 3),
            result_bytes=len(run.result.llm_content.encode(errors="replace")) if run.result else 0,
        )
        tooling.record(ran)


def _outcome(result: ToolResult | None) -> str:
    if result is not None and isinstance(result.return_display, OutputBlock):
        return result.return_display.outcome
    return str(result.error.type) if result is not None and result.error else "done"
