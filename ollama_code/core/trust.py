"""What a folder would have this program do, as values for the question whether to trust it."""

from __future__ import annotations

from typing import Literal

from ollama_code.core.text import one_line
from ollama_code.core.value import Value

TrustAnswer = Literal["always", "session", "never", "later"]
"""`always` and `never` hold until something there changes, `session` and `later` until the program ends."""

_LATER: tuple[TrustAnswer, str] = ("later", "Not now: read nothing of it")
_ALWAYS: tuple[TrustAnswer, str] = ("always", "Yes, and remember it until something here changes")
_SESSION: tuple[TrustAnswer, str] = ("session", "Yes, until I leave")
_NEVER: tuple[TrustAnswer, str] = ("never", "No, and do not ask again until something here changes")

Kind = Literal["settings", "hook", "MCP server", "command", "agent", "skill"]


class Holding(Value):
    """One thing of a folder. `does` are lines that say what it would set or run, whole and as the file has them."""

    kind: Kind
    path: str
    """From the folder on, such as `.ollama-code/commands/review.md`."""
    name: str
    does: tuple[str, ...]
    digest: str
    """SHA-256 of all that makes it what it is, in hex."""

    @property
    def id(self) -> str:
        return f"{self.kind}:{self.path}:{self.name}"

    @property
    def title(self) -> str:
        """Such as "command /review  .ollama-code/commands/review.md"; what is one of a kind has no name."""
        name = "" if self.kind == "settings" else one_line(self.name)
        return f"{' '.join(filter(None, (self.kind, name)))}  {one_line(self.path)}"


class TrustOffer(Value):
    """A folder to be trusted or not. `changed` are the ids of what is new or other than when it was last trusted;
    `troubles` say what was found but will not be read."""

    directory: str
    holdings: tuple[Holding, ...]
    changed: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()
    lasting: bool = True
    """Whether an answer may be remembered: not for the home directory, the root or a folder for temporary files."""

    @property
    def title(self) -> str:
        return (
            "What you trusted here has changed"
            if self.changed
            else "Do you trust this folder? It would configure ollama-code."
        )

    @property
    def warning(self) -> str:
        return (
            ""
            if self.lasting
            else "Many programs put files into this folder: trust in it is never remembered."
        )

    @property
    def answers(self) -> tuple[tuple[TrustAnswer, str], ...]:
        """What may be answered, and how a front end words it. The first, which a stray key takes, trusts nothing."""
        return (_LATER, _ALWAYS, _SESSION, _NEVER) if self.lasting else (_LATER, _SESSION)
