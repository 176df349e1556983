"""The todo list as a value."""

from __future__ import annotations

from typing import Literal

from ollama_code.core.value import Value

TodoStatus = Literal["pending", "in_progress", "completed"]


class TodoItem(Value):
    id: str
    content: str
    status: TodoStatus = "pending"
