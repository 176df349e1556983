"""What the command line said of settings, as a value that costs nothing to import."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Flags:
    """What the command line said of a key; `None` where it said nothing. Rules given by flag come on top of the
    file's instead of replacing them, so they are not here."""

    model: str | None = None
    ollama_url: str | None = None
    num_ctx: int | None = None
    mode: str | None = None
    max_steps: int | None = None
