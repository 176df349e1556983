"""Conversation messages: what the model has been told and what it has said."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from ollama_code.core.value import Value

Arguments = dict[str, JsonValue]


class Image(Value):
    """A picture for a model that sees. `data` is base64 of PNG, JPEG or WEBP bytes: what Ollama decodes."""

    media_type: str
    data: str


class ToolCall(Value):
    """One invocation as the model wrote it: `name` may be an alias, `arguments` are not validated yet."""

    id: str
    name: str
    arguments: Arguments


class UserMessage(Value):
    """`text` is what the model reads; the other fields are for the program, and outlive a compaction."""

    role: Literal["user"] = "user"
    text: str
    images: tuple[Image, ...] = ()
    by: Literal["person", "program"] = "person"
    """A program speaks in this role too: it asks again, or says what is missing. Only a person gives tasks."""
    said: tuple[str, ...] = ()
    """The person's own words, oldest first, where `text` has more around them; empty when `text` is all of it."""
    files: tuple[str, ...] = ()
    """Paths that were read or changed in the part of the conversation that this message stands for."""

    @property
    def words(self) -> tuple[str, ...]:
        """What the person said in this message, word for word."""
        return () if self.by == "program" else self.said or (self.text,)


class AssistantMessage(Value):
    role: Literal["assistant"] = "assistant"
    text: str = ""
    thinking: str = ""
    written: str = ""
    """The answer as the model wrote it under a schema, which is what goes back to it; else empty."""
    calls: tuple[ToolCall, ...] = ()


class ToolMessage(Value):
    """The answer to one call. Every call gets exactly one, in call order, or the next turn is invalid."""

    role: Literal["tool"] = "tool"
    call_id: str
    name: str
    text: str
    images: tuple[Image, ...] = ()


Message = Annotated[UserMessage | AssistantMessage | ToolMessage, Field(discriminator="role")]
