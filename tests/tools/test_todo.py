"""The todo list: whole or by id, unique ids, one item in progress."""

from __future__ import annotations

import json

import pytest

from ollama_code.core.errors import ToolError
from ollama_code.tools.base import Call
from ollama_code.tools.todo import TodoList, TodoParams, TodoWrite

CALL = Call(id="c", budget_chars=1000)


class Board:
    def __init__(self) -> None:
        self.events = []
        self.list = TodoList(self.events.append)

    async def write(self, *todos: dict) -> str:
        params = TodoParams.model_validate_json(json.dumps({"todos": todos}))
        return (await TodoWrite(self.list).run(params, CALL)).llm_content

    @property
    def items(self) -> list[tuple[str, str, str]]:
        return [(item.id, item.content, item.status) for item in self.list.items]


async def test_whole_list_replaces_the_old_one_and_is_announced():
    board = Board()
    await board.write({"id": "1", "content": "a", "status": "completed"})
    text = await board.write(
        {"id": "2", "content": "b", "status": "in_progress"}, {"id": "3", "content": "c"}
    )
    assert board.items == [("2", "b", "in_progress"), ("3", "c", "pending")]
    assert len(board.events) == 2 and board.events[-1].items == board.list.items
    assert "Now: b" in text


async def test_items_without_content_change_the_old_ones_by_id():
    board = Board()
    await board.write({"id": "1", "content": "a"}, {"id": "2", "content": "b"})
    await board.write({"id": "1", "status": "completed"})
    assert board.items == [("1", "a", "completed"), ("2", "b", "pending")]


@pytest.mark.parametrize(
    "todos,named",
    [
        (({"id": "1", "content": "a"}, {"id": "1", "content": "b"}), "1"),
        (
            (
                {"id": "1", "content": "a", "status": "in_progress"},
                {"id": "2", "content": "b", "status": "in_progress"},
            ),
            "2",
        ),
        (({"id": "9", "status": "completed"},), "9"),
    ],
)
async def test_what_makes_no_sense_is_refused_and_the_list_stays(todos, named: str):
    board = Board()
    with pytest.raises(ToolError, match=named):
        await board.write(*todos)
    assert (board.items, board.events) == ([], [])


async def test_empty_list_clears():
    board = Board()
    await board.write({"id": "1", "content": "a"})
    assert "0 of 0" in await board.write()
