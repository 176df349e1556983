"""What the agent is waiting for, in words with numbers."""

from __future__ import annotations

from typing import Literal

from ollama_code.core.text import one_line
from ollama_code.core.value import Value

SHORT_S = 2.0
"""A wait that is shorter is not worth a line."""
PhaseName = Literal[
    "connecting", "loading", "reading", "thinking", "writing", "calling", "running", "compacting"
]


class Phase(Value):
    """`detail` completes the sentence: the host for connecting, the model for loading, the tool for calling (its
    arguments are being written), the tool's title for running."""

    name: PhaseName
    detail: str = ""
    tokens: int = 0
    """For reading: length of the prompt in tokens, about; for calling: tokens written so far, exact."""
    cached_tokens: int = 0
    """For reading: how many of them the engine should still know, about."""
    expected_s: float = 0.0
    """Seconds it took before, or should take at the rate learned; 0 when nothing is known."""

    @property
    def line(self) -> str:
        """For a face that cannot count, a wait that may take long: "reading about 12,400 tokens, for about 0:40".
        Empty for all else."""
        if self.name not in ("loading", "reading") or 0 < self.expected_s < SHORT_S:
            return ""
        known = f", {self.cached_tokens:,} of them known" if self.cached_tokens else ""
        length = (
            f" about {self.tokens:,} tokens{known}" if self.tokens else f" {one_line(self.detail)}".rstrip()
        )
        time = f", for about {_clock(self.expected_s)}" if self.expected_s else ""
        return f"{self.name}{length}{time}"

    def read_by(self, elapsed_s: float) -> int:
        """Tokens of the prompt read after so many seconds, if all goes as expected: at least the cached ones."""
        if not self.expected_s:
            return min(self.cached_tokens, self.tokens)
        done = min(elapsed_s / self.expected_s, 1.0)
        return self.cached_tokens + int((self.tokens - self.cached_tokens) * done)

    def left_s(self, elapsed_s: float) -> float:
        """Seconds that it should still take; 0 when nothing is known, or when it takes longer than expected."""
        return max(self.expected_s - elapsed_s, 0.0)


def _clock(seconds: float) -> str:
    """0:05, 12:40."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
