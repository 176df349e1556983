"""What a slash command is: a name, a line of help and a coroutine from words to an outcome."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a screen completes commands before it has loaded what they work on
    from ollama_code.agent.session import Session
    from ollama_code.core.recipe import Recipe
    from ollama_code.tools.todo import TodoList
    from ollama_code.workspace.jobs import Jobs


@dataclass(frozen=True)
class Desk:
    """What commands work on: the open session and what its tools share."""

    session: Session
    todos: TodoList
    jobs: Jobs


@dataclass(frozen=True)
class Say:
    """Lines for the person. They may hold text of a model or a program: a front end cleans them."""

    text: str


@dataclass(frozen=True)
class Help:
    """List the commands, and the keys of the front end behind them."""


@dataclass(frozen=True)
class NewSession:
    """Close this session and open a fresh one in the same folder; the old one stays on disk."""


@dataclass(frozen=True)
class SwitchModel:
    """Go on with the same conversation and another model."""

    name: str


@dataclass(frozen=True)
class PickModel:
    """Show what is installed and let the person choose."""


@dataclass(frozen=True)
class PullModel:
    name: str


@dataclass(frozen=True)
class Compact:
    """Run `session.compact()` and show it like a turn."""


@dataclass(frozen=True)
class Copy:
    """Put `text` into the clipboard."""

    text: str


@dataclass(frozen=True)
class Quit:
    pass


@dataclass(frozen=True)
class Follow:
    """Run `session.follow()` with what a command from a file became, and show it like a turn."""

    recipe: Recipe


@dataclass(frozen=True)
class Reconsider:
    """Ask again whether the folder is trusted."""


@dataclass(frozen=True)
class Serve:
    """Start the proxy beside the session, or end it, as `words` say."""

    words: str


Outcome = (
    Say
    | Help
    | Serve
    | NewSession
    | SwitchModel
    | PickModel
    | PullModel
    | Compact
    | Copy
    | Quit
    | Follow
    | Reconsider
)


@dataclass(frozen=True)
class SlashCommand:
    """`usage` shows the words after the name, such as "[NAME]"."""

    name: str
    summary: str
    run: Callable[[Desk, str], Awaitable[Outcome]]
    usage: str = ""
    waits: bool = True
    """For the end of a running turn. What only shows something, or changes what each call looks up, need not."""


@dataclass(frozen=True)
class FreeCommand:
    """A command that needs no session: it works while there is no server and no model."""

    name: str
    summary: str
    run: Callable[[str], Outcome]
    usage: str = ""
    waits: bool = True
    """As of `SlashCommand`."""
