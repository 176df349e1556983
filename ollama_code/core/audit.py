"""What the audit log says of a call: that it was decided on, and that it ran. One line each, bound by `call`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field

from ollama_code.core.value import Value

Verdict = Literal["allow", "deny"]
By = Literal["person", "policy", "nobody", "typed"]
"""Who decided: the person when asked, rules and modes, nobody because none was there to ask, or the person who typed
the very command."""


class Decided(Value):
    """Written before anything runs. `arguments` are canonical JSON."""

    what: Literal["decided"] = "decided"
    call: str
    agent: str
    tool: str
    arguments: str
    verdict: Verdict
    by: By
    why: str = ""
    """The rule with its origin, the mode, the grant, or the person's words: a clause."""
    remember: Literal["", "session", "project"] = ""
    """The grant that was given with it."""
    digest: str = ""
    """SHA-256, in hex, of all that was decided on: tool, arguments, facts, what was shown."""
    scopes: tuple[str, ...] = ()
    reach: str = ""
    cautions: tuple[str, ...] = ()


class Ran(Value):
    """`outcome` is "done", how the command ended, or the code of the error."""

    what: Literal["ran"] = "ran"
    call: str
    agent: str
    tool: str
    outcome: str
    duration_s: float
    result_bytes: int = 0
    """Of what the tool told, as UTF-8, before it was cut to fit; 0 where it failed or was stopped."""


Entry = Annotated[Decided | Ran, Field(discriminator="what")]
Record = Callable[[Decided | Ran], None]
"""Never raises, never waits."""


def unrecorded(entry: Decided | Ran) -> None:
    """For callers that keep no log."""
