"""What the agent is waiting for, in words with numbers."""

from __future__ import annotations

from typing import Literal

from ollama_code.core.value import Value

PhaseName = Literal["connecting", "loading", "reading", "thinking", "writing", "running"]


class Phase(Value):
    """`detail` completes the sentence: the host for connecting, the model for loading, "about 3,100 tokens"
    for reading, the tool's title for running."""

    name: PhaseName
    detail: str = ""
