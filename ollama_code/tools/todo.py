"""The todo list of a session and the tool that writes it."""

from __future__ import annotations

from collections import Counter

from pydantic import BaseModel, ConfigDict, Field

from ollama_code.core.display import TodosBlock
from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.core.events import TodosChanged
from ollama_code.core.permission import Kind
from ollama_code.core.results import ToolResult
from ollama_code.core.todo import TodoItem, TodoStatus
from ollama_code.ports import Emit
from ollama_code.tools.base import Call, Params, Rank, Tool


class TodoList:
    """The list of one session. Owns the items; the tool below is its only writer."""

    def __init__(self, emit: Emit, items: tuple[TodoItem, ...] = ()) -> None:
        self._emit = emit
        self._items = items

    @property
    def items(self) -> tuple[TodoItem, ...]:
        return self._items

    def replace(self, items: tuple[TodoItem, ...]) -> None:
        self._items = items
        self._emit(TodosChanged(items=items))


class TodoParam(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    content: str = ""
    status: TodoStatus = "pending"


class TodoParams(Params):
    todos: tuple[TodoParam, ...] = Field(description="The whole list, or the changed items by id.")


class TodoWrite(Tool[TodoParams]):
    name = "todo_write"
    kind = Kind.READ  # changes nothing but the list on the screen
    rank = Rank.DAILY
    params = TodoParams
    argument_aliases = {"items": "todos", "tasks": "todos", "list": "todos"}

    def __init__(self, todos: TodoList) -> None:
        self._todos = todos

    def title(self, p: TodoParams) -> str:
        return f"Update todos ({len(p.todos)})"

    async def run(self, p: TodoParams, call: Call) -> ToolResult:
        items = _merged(self._todos.items, p.todos)
        active = [item for item in items if item.status == "in_progress"]
        if len(active) > 1:
            ids = ", ".join(item.id for item in active)
            raise _invalid(
                f"Only one item may be in_progress, but {ids} are. Set the others to pending or completed."
            )
        self._todos.replace(items)
        counts = Counter(item.status for item in items)
        current = f" Now: {active[0].content}" if active else ""
        text = f"Todos: {counts['completed']} of {len(items)} completed.{current}"
        return ToolResult(llm_content=text, return_display=TodosBlock(items=items))


def _merged(old: tuple[TodoItem, ...], given: tuple[TodoParam, ...]) -> tuple[TodoItem, ...]:
    """The new list: as given when every item has content or none matches an old id, else the old one updated."""
    doubled = [id for id, count in Counter(t.id for t in given).items() if count > 1]
    if doubled:
        raise _invalid(f"Ids must be unique, but {', '.join(doubled)} appear more than once.")
    known = {item.id: item for item in old}
    partial = any(not t.content.strip() for t in given)
    if not partial:
        return tuple(TodoItem(id=t.id, content=t.content, status=t.status) for t in given)
    unknown = [t.id for t in given if not t.content.strip() and t.id not in known]
    if unknown:
        raise _invalid(f"New items need content: {', '.join(unknown)}.")
    for t in given:
        known[t.id] = TodoItem(id=t.id, content=t.content.strip() or known[t.id].content, status=t.status)
    return tuple(known.values())


def _invalid(message: str) -> ToolError:
    return ToolError(message, ErrorType.INVALID_PARAMS)
