"""A written or delivered call made ready to run, or refused with the reason."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass

from ollama_code.core.coercion import fit_arguments
from ollama_code.core.errors import ToolError
from ollama_code.core.messages import Arguments, ToolCall
from ollama_code.core.spelling import plain
from ollama_code.providers.recover.declared import Declared, DeclaredTool
from ollama_code.providers.recover.fault import is_parser_error
from ollama_code.providers.recover.forms.objects import objects
from ollama_code.providers.recover.forms.python import python_calls
from ollama_code.providers.recover.turn import Refused, Turn
from ollama_code.providers.recover.written import State, Written


@dataclass(frozen=True)
class Ready:
    """`changed`: not as the server delivered it."""

    call: ToolCall
    reads: bool
    changed: bool

    @property
    def key(self) -> str:
        """Equal for equal calls, whatever the order of their arguments."""
        return f"{self.call.name} {json.dumps(self.call.arguments, sort_keys=True)}"


def delivered(call: ToolCall, declared: Declared) -> Ready | Refused:
    """What a native call is after its name is read and its arguments are typed."""
    name, arguments = call.name, call.arguments
    inner = _call_in_name(name, declared) if not arguments else None
    if inner:
        name, arguments = inner.name, inner.arguments
    ready = _fitted(ToolCall(id=call.id, name=name, arguments=arguments), declared)
    if isinstance(ready, Refused):
        return Refused(call, ready.why)
    same = ready.call.name == call.name and _same(ready.call.arguments, call.arguments)
    return Ready(call if same else ready.call, ready.reads, not same)


def readable(written: Written, turn: Turn, declared: Declared) -> Ready | Refused:
    """What a written call is, if enough of it is there to run in this turn."""
    call = ToolCall(id=fresh_id(), name=written.name, arguments=written.arguments)
    inner = _call_in_name(written.name, declared) if not written.arguments else None
    if inner:
        call = ToolCall(id=call.id, name=inner.name, arguments=inner.arguments)
    if written.state is State.CUT:
        return Refused(call, f"The call {_to(call)} was cut off before its end.")
    if written.state is State.BROKEN or _left_outside(written, declared):
        return Refused(call, f"The call {_to(call)} could not be read.")
    ready = _fitted(call, declared)
    if isinstance(ready, Refused) or written.state is State.WHOLE:
        return ready
    if _was_cut(turn) or (written.state is State.BRACE and not ready.reads):
        return Refused(call, f"The call {_to(call)} has no end.")
    return ready


def _left_outside(written: Written, declared: Declared) -> bool:
    """Whether an argument stands beside the others, as where their brace was closed too early."""
    tool = declared.find(written.name) if written.beside else None
    return tool is not None and not set(map(plain, written.beside)).isdisjoint(
        map(plain, tool.signature.properties)
    )


def fresh_id() -> str:
    return f"call_{secrets.token_hex(4)}"


def _was_cut(turn: Turn) -> bool:
    """Whether the model was stopped, so that a missing closer may mean that more was to come."""
    if turn.error:
        return not is_parser_error(turn.error)
    return turn.done_reason in (None, "length")


def _fitted(call: ToolCall, declared: Declared) -> Ready | Refused:
    tool = declared.find(call.name)
    if tool is None:
        return Refused(call, f'There is no tool "{call.name}".' if call.name else "The call names no tool.")
    try:
        values = _typed(call.arguments, tool)
    except ToolError as e:
        return Refused(call, str(e))
    return Ready(ToolCall(id=call.id, name=tool.name, arguments=values), tool.reads, changed=True)


def _typed(arguments: Arguments, tool: DeclaredTool) -> Arguments:
    values = fit_arguments(arguments, tool.signature).values
    said = tool.signature.defaults
    return {name: value for name, value in values.items() if name not in said or said[name] != value}


def _same(one: Arguments, other: Arguments) -> bool:
    """Equal as JSON: `50.0` is `50`, `true` is not `1`."""
    return one == other and json.dumps(_numbers(one), sort_keys=True) == json.dumps(
        _numbers(other), sort_keys=True
    )


def _numbers(value: object) -> object:
    match value:
        case dict():
            return {key: _numbers(item) for key, item in value.items()}
        case list():
            return [_numbers(item) for item in value]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


def _call_in_name(name: str, declared: Declared) -> Written | None:
    """The call that a "name" is, when it is a whole one."""
    name = name.strip()
    if name.startswith(("{", "[")):
        body, end = objects(name, 0)
    elif name.endswith(")"):
        body = python_calls(name, 0, declared)
        end = body.end if body else 0
    else:
        return None
    if body is None or len(body.calls) != 1 or name[end:].strip():
        return None
    return body.calls[0] if body.calls[0].state is State.WHOLE else None


def _to(call: ToolCall) -> str:
    return f'of "{call.name}"' if call.name else "without a name"
