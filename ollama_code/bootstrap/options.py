"""What the command line said, as a value."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ollama_code.settings.flags import Flags


@dataclass(frozen=True)
class Options:
    """What the command line said; `None` where it said nothing."""

    model: str | None = None
    ollama_url: str | None = None
    num_ctx: int | None = None
    mode: str | None = None
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    max_steps: int | None = None
    resume: bool = False
    demo: bool = False
    front_end: str = "headless"
    """Who runs the session: for the audit log, and for how soon each token must be there."""

    def fresh(self) -> Options:
        """The same wishes for a session that continues none."""
        return replace(self, resume=False)

    def flags(self) -> Flags:
        """The part that overrules settings."""
        return Flags(
            model=self.model,
            ollama_url=self.ollama_url,
            num_ctx=self.num_ctx,
            mode=self.mode,
            max_steps=self.max_steps,
        )
