"""What the readers of the single dialects tell about a call in the raw text."""

from __future__ import annotations

from dataclasses import dataclass

from ollama_code.core.growing import Reading


@dataclass(frozen=True)
class Began:
    """The text of a call, its opener included, begins at `position`, in characters from the beginning."""

    position: int


@dataclass(frozen=True)
class Named:
    """A call of `name` began."""

    name: str


@dataclass(frozen=True)
class Valued:
    """The value of `argument` goes on with `text`."""

    argument: str
    text: str


@dataclass(frozen=True)
class Ended:
    """The call, or one more closer of it, ends at `position`, in characters from the beginning of the answer."""

    position: int


Heard = Named | Valued | Ended
Hearing = Reading[Heard]
Told = Heard | Began
Telling = Reading[Told]
