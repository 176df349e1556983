"""Another head in the middle of a session: where the server has a much smaller window than tools and system text were
chosen for, or refuses tools of a model that it lists with them.

What was said stays; the engine reads it anew, once, behind the new head."""

from __future__ import annotations

from ollama_code.agent.context import Context
from ollama_code.agent.runtime import Runtime
from ollama_code.core.events import HeadChanged, Notice

MUCH_SMALLER = 0.75
"""Share of the window it was chosen for, below which a head is chosen anew."""
_REFUSED = (
    "The server refuses tools for {}, although it lists it with them. From now on a JSON schema binds each answer to "
    "a call or to words; that is remembered for this model."
)


class HeadMisfits(Exception):
    """Nothing more is to be asked with this head."""


def misfits(rt: Runtime) -> bool:
    """Whether what is known of the server by now speaks against the head."""
    return rt.choose is not None and (_is_too_large(rt) or _is_refused(rt))


def fitting(rt: Runtime, context: Context) -> Runtime:
    """`rt`; or the same with a head that fits, which is announced, and with which `context` goes on."""
    if rt.choose is None or not misfits(rt):
        return rt
    window = min(rt.known.window or rt.head.num_ctx, rt.head.num_ctx)
    head = rt.choose(rt.head, window, "constrained" if _is_refused(rt) else rt.head.acting)
    rt.watch.restart("the way to call" if _is_refused(rt) else "the window of the server")
    if (head.system, head.tools) != (rt.head.system, rt.head.tools):
        rt.emit(Notice(text=_why(rt, window), agent=rt.agent))
    context.go_on_with(head)
    rt.emit(HeadChanged(head=head, agent=rt.agent))
    return rt.with_head(head)


def _why(rt: Runtime, window: int) -> str:
    if _is_refused(rt):
        return _REFUSED.format(rt.head.model)
    return f"Tools and instructions were chosen anew, for a window of {window:,} tokens: the server gives no more."


def _is_too_large(rt: Runtime) -> bool:
    return 0 < rt.known.window < (rt.head.chosen_for or rt.head.num_ctx) * MUCH_SMALLER


def _is_refused(rt: Runtime) -> bool:
    return rt.known.profile.calls is False and rt.head.acting == "native" and bool(rt.head.tools)
