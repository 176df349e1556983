"""The head: everything that stands before the conversation in each request of a session, frozen."""

from __future__ import annotations

from typing import Literal

from pydantic import JsonValue

from ollama_code.core.value import Value

Think = bool | Literal["low", "medium", "high", "max"]
Acting = Literal["native", "constrained"]
"""How the model calls: by the server's own calls, or (without that capability) by a JSON schema that binds its whole
answer, the tools being described in the system text."""
WireTool = dict[str, JsonValue]
"""One tool as a request carries it: `{"type": "function", "function": {name, description, parameters}}`."""


class Head(Value):
    """Chosen at session start and written to the journal, so that a continued session sends the same bytes; chosen
    again only where the server turns out not to be what it said. Changing any field costs the engine its whole cache;
    changing `num_ctx` reloads the model."""

    model: str
    num_ctx: int
    """Context window in tokens, the same on every request of the session."""
    think: Think
    system: str
    tools: tuple[WireTool, ...]
    acting: Acting = "native"
    described: tuple[str, ...] = ()
    """For constrained acting: the names of the tools that the system text describes."""
    sends_thinking: bool = True
    """Whether past thinking goes back to the model; false where its template makes that cost a turn of reading."""
    chosen_for: int = 0
    """Tokens of the window for which tools and system text were chosen, where the server gives fewer than `num_ctx`;
    0: they were chosen for `num_ctx`."""
    keep_alive: str = "30m"
    """How long the server keeps the model loaded after a request, as a Go duration."""

    @property
    def tool_names(self) -> tuple[str, ...]:
        """The tools the model has before it; others may be enabled beside them."""
        if self.acting == "constrained":
            return self.described
        functions = (tool["function"] for tool in self.tools)
        return tuple(str(function["name"]) for function in functions if isinstance(function, dict))
