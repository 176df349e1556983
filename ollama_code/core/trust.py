"""What a folder would have this program do, as values for the question whether to trust it."""

from __future__ import annotations

from typing import Literal

from ollama_code.core.value import Value

TrustAnswer = Literal["always", "session", "never", "later"]
"""`always` and `never` hold until something there changes, `session` and `later` until the program ends."""


class Holding(Value):
    """One thing of a folder. `does` are lines that say what it would set or run, whole and as the file has them."""

    kind: Literal["settings", "hook", "mcp server", "command", "agent", "skill"]
    path: str
    """From the folder on, such as `.ollama-code/commands/review.md`."""
    name: str
    does: tuple[str, ...]
    digest: str
    """SHA-256 of all that makes it what it is, in hex."""

    @property
    def id(self) -> str:
        return f"{self.kind}:{self.path}:{self.name}"


class TrustOffer(Value):
    """A folder to be trusted or not. `changed` are the ids of what is new or other than when it was last trusted;
    `troubles` say what was found but will not be read."""

    directory: str
    holdings: tuple[Holding, ...]
    changed: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()
    lasting: bool = True
    """Whether an answer may be remembered: not for the home directory, the root or a folder for temporary files."""
