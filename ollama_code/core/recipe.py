"""What a person's own command becomes: words for the model with places that files and commands fill."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ollama_code.core.value import Value


class Words(Value):
    type: Literal["words"] = "words"
    text: str


class FileSlot(Value):
    """Stands for what is in a file or a folder."""

    type: Literal["file"] = "file"
    path: str


class CommandSlot(Value):
    """Stands for what a command prints, once somebody has approved it."""

    type: Literal["command"] = "command"
    command: str


Piece = Annotated[Words | FileSlot | CommandSlot, Field(discriminator="type")]


class Recipe(Value):
    """`name` is the command's, such as "/review"."""

    name: str
    pieces: tuple[Piece, ...]
