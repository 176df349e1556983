"""What a turn and a call need, as frozen values. Knows no front end, and no disk but the outputs' keeper."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from ollama_code.agent.known import Known
from ollama_code.agent.loops import World, unchanging
from ollama_code.core.audit import Record, unrecorded
from ollama_code.core.head import Acting, Head, Think
from ollama_code.core.todo import TodoItem
from ollama_code.permissions.gate import Gate
from ollama_code.ports import ChatProvider, Emit
from ollama_code.providers.prefix import PrefixWatch
from ollama_code.tools.more import MORE, with_more
from ollama_code.tools.toolset import Toolset

DEFAULT_MAX_STEPS = 50
ChooseHead = Callable[[Head, int, Acting], Head]
"""The same head with the tools and the system text for a window of so many tokens and a way to call."""


class Outputs(Protocol):
    """Where the full text of a shortened tool result is kept."""

    def keep(self, call_id: str, text: str) -> Path:
        """The file that now holds `text`. Raises: SessionError."""


@dataclass(frozen=True)
class Tooling:
    """What running a call needs. A caller without a model (the Python API, a proxy) needs no more than this."""

    toolset: Toolset
    gate: Gate
    emit: Emit
    outputs: Outputs
    agent: str = "main"
    record: Record = unrecorded
    """Where what was decided and what ran is written down."""


@dataclass(frozen=True)
class Runtime:
    """What a turn needs."""

    provider: ChatProvider
    head: Head
    tooling: Tooling
    max_steps: int = DEFAULT_MAX_STEPS
    patience_s: float = 0.0
    """How long to go on trying while nobody answers at the server's address."""
    thinks: tuple[Think, ...] = (False,)
    """How much the model can think, from least to most."""
    world: World = unchanging
    """What tells whether the files of the project changed."""
    watch: PrefixWatch = field(default_factory=PrefixWatch)
    """Of one conversation: a subagent has its own."""
    known: Known = field(default_factory=Known)
    hides: Callable[[str], str] = str
    """A text as the model may read it, where the person wants secrets kept from it."""
    choose: ChooseHead | None = None
    """`None` where the head stays, whatever the server turns out to be."""
    todos: Callable[[], tuple[TodoItem, ...]] = tuple
    """The todo list of the main conversation, as it is now."""

    @property
    def emit(self) -> Emit:
        return self.tooling.emit

    def with_head(self, head: Head) -> Runtime:
        """The same with another head: what that leaves out is reached through `more_tools`."""
        toolset = self.tooling.toolset
        if toolset.find(MORE):  # a subagent has no more than it was given
            toolset = with_more(toolset, head.tool_names)
        return replace(self, head=head, tooling=replace(self.tooling, toolset=toolset))

    @property
    def agent(self) -> str:
        return self.tooling.agent
