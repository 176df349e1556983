"""What goes into the ladder and what comes out: one assistant turn as it arrived, and what it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ollama_code.core.messages import ToolCall

Outcome = Literal["native", "repaired", "ask", "none"]
"""`native`: the server's calls run, perhaps fewer of them. `repaired`: the ladder changed or found a call. `ask`:
nothing runs and the model is asked again. `none`: an ordinary answer."""


@dataclass(frozen=True)
class WireError:
    """What the server said instead of an end. `midstream`: as a line inside a stream that began with 200."""

    status: int
    message: str
    midstream: bool = False


@dataclass(frozen=True)
class Turn:
    """All of one turn: text and thinking joined over its chunks, calls in order of arrival. `done_reason` is
    `None` when the stream ended without a last chunk, `tap` when no raw text came."""

    content: str = ""
    thinking: str = ""
    native: tuple[ToolCall, ...] = ()
    done_reason: str | None = "stop"
    error: WireError | None = None
    tap: str | None = None


@dataclass(frozen=True)
class Refused:
    """A call that does not run. `why` is for the model: what is wrong with it."""

    call: ToolCall
    why: str


@dataclass(frozen=True)
class Verdict:
    """`calls` run, in order, under declared names with arguments in the schema's types; `refused` each get an
    error result. `text` is what the person sees, `why` the rung that decided, `note` what to ask the model again
    with (only for `ask`)."""

    outcome: Outcome
    why: str
    calls: tuple[ToolCall, ...] = ()
    text: str = ""
    note: str = ""
    refused: tuple[Refused, ...] = ()
