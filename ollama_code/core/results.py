"""What a tool gives back: text for the model, a block of display for people, maybe a fault."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import ConfigDict, Field

from ollama_code.core.display import Display
from ollama_code.core.error_type import ErrorType
from ollama_code.core.messages import Image
from ollama_code.core.value import Value

Ending: TypeAlias = Literal["done", "failed", "refused", "stopped"]
"""How a call ended. "refused" is somebody's decision; one that is "stopped" has no result."""


class ToolFault(Value):
    message: str
    type: ErrorType


class ToolResult(Value):
    """`llm_content` is what the model reads, already bounded to the live window. JSON uses the reference's
    names: `llmContent`, `returnDisplay`, `error`."""

    llm_content: str = Field(alias="llmContent")
    return_display: Display | None = Field(default=None, alias="returnDisplay")
    error: ToolFault | None = None
    images: tuple[Image, ...] = ()

    model_config = ConfigDict(validate_by_name=True, serialize_by_alias=True)

    @property
    def ending(self) -> Ending:
        if self.error is None:
            return "done"
        return "refused" if self.error.type is ErrorType.DENIED else "failed"


class Progress(Value):
    """A piece of live output of a running tool, for people only."""

    text: str
