"""A subagent: a conversation of its own for one task, of which the main one sees only the last words.

It begins with the same head as the main conversation, byte for byte, so that the engine does not read the tools
again; what it may not use is refused when it is called."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ollama_code.agent.alarm import adopt
from ollama_code.agent.context import Context
from ollama_code.agent.runtime import Runtime
from ollama_code.agent.turn import run_turn
from ollama_code.core.errors import OllamaCodeError
from ollama_code.core.events import StopReason, TurnFinished, TurnStarted
from ollama_code.core.messages import AssistantMessage, Message, UserMessage
from ollama_code.providers.prefix import PrefixWatch


@dataclass(frozen=True)
class Task:
    """`agent` is the subagent's id, unique in the session, such as "explore-1"; `role` says how it works; `tools` are
    the only ones it may call."""

    agent: str
    prompt: str
    tools: tuple[str, ...]
    role: str = ""


@dataclass(frozen=True)
class Report:
    """`text` are the subagent's last words; with another reason than "done" they may be half of it, or the reason."""

    text: str
    reason: StopReason


async def delegate(rt: Runtime, task: Task) -> Report:
    """Let a subagent work until it stops. Its events carry its id; permissions are asked of the same person.
    Raises: CancelledError, UsageError for a tool that does not exist."""
    toolset = rt.tooling.toolset.only(task.tools, ())
    tooling = replace(rt.tooling, agent=task.agent, toolset=toolset)
    own = replace(rt, tooling=tooling, watch=PrefixWatch())
    context = Context(rt.head, rt.emit, [], task.agent, rt.known.profile.chars_per_token)
    context.hides = rt.hides
    adopt(rt, context.meter)
    rt.emit(TurnStarted(text=task.prompt, agent=task.agent))
    reason: StopReason = "failed"
    detail = ""
    try:
        context.add(UserMessage(text=_opening(task, toolset.names)))
        reason = await run_turn(own, context)
    except OllamaCodeError as e:
        detail = e.sentence
    except asyncio.CancelledError:
        reason = "cancelled"
        raise
    finally:
        rt.emit(TurnFinished(reason=reason, detail=detail, agent=task.agent))
    return Report(detail or _last_words(context.history), reason)


def _opening(task: Task, tools: Sequence[str]) -> str:
    role = task.role or "You work on one task for another agent, which sees only your last message."
    return f"{role}\nThe tools you may use: {', '.join(tools) or 'none'}.\n\n{task.prompt}"


def _last_words(history: Sequence[Message]) -> str:
    said = (m.text for m in reversed(history) if isinstance(m, AssistantMessage) and m.text.strip())
    return next(said, "")
