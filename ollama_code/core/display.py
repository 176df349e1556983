"""Typed blocks of display: what a person sees of a call. Front ends draw them; no tool knows a widget.

Text inside is as it came from the model, a file or a program: a front end cleans it before drawing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ollama_code.core.todo import TodoItem
from ollama_code.core.value import Value


class TextBlock(Value):
    type: Literal["text"] = "text"
    text: str


class DiffBlock(Value):
    """A change to one file. `patch` is a unified diff with three lines of context and no file header."""

    type: Literal["diff"] = "diff"
    path: str
    patch: str
    added: int
    removed: int


class CommandBlock(Value):
    """A command that would run: the whole text, never shortened."""

    type: Literal["command"] = "command"
    command: str
    directory: str
    background: bool = False


class OutputBlock(Value):
    """A command that ran. `outcome` is one line such as "exit code 0 after 1.2 s"."""

    type: Literal["output"] = "output"
    command: str
    output: str
    outcome: str


class TodosBlock(Value):
    type: Literal["todos"] = "todos"
    items: tuple[TodoItem, ...]


class FilesBlock(Value):
    """Paths that were found. `total` counts also those not listed."""

    type: Literal["files"] = "files"
    paths: tuple[str, ...]
    total: int


Display = Annotated[
    TextBlock | DiffBlock | CommandBlock | OutputBlock | TodosBlock | FilesBlock, Field(discriminator="type")
]
