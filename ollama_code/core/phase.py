"""What the agent is waiting for, in words with numbers."""

from __future__ import annotations

from typing import Literal

from ollama_code.core.value import Value

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
