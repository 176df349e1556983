"""/tools: what the model can call, and what that costs of the window."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from ollama_code.bootstrap.options import Options
from ollama_code.bootstrap.session import open_session
from ollama_code.commands.base import Desk, Say
from ollama_code.commands.registry import run_command
from ollama_code.tools.tiers.budget import head_tokens, price
from tests.agent.rig import rig
from tests.e2e.fixtures import program, run, server
from tests.e2e.program import RunInside

__all__ = ["program", "run", "server"]


@pytest.fixture
async def desk(run: RunInside) -> AsyncIterator[Desk]:
    """A session with so small a window that some tools have no place in it."""
    opened = await open_session(Options(num_ctx=4096), asker=None)
    yield Desk(opened.session, opened.todos, opened.jobs)
    await opened.close()


async def told(desk: Desk) -> str:
    async def given() -> Desk:
        return desk

    outcome = await run_command("/tools", given)
    assert isinstance(outcome, Say)
    return outcome.text


def prices(text: str) -> dict[str, int]:
    return {name: int(cost.replace(",", "")) for name, cost in re.findall(r"^  (\w+) +([\d,]+)$", text, re.M)}


async def test_each_tool_has_its_price_whether_offered_or_not(desk: Desk) -> None:
    listed = prices(await told(desk))
    assert set(listed) == set(desk.session.toolset.names)
    head = desk.session.head
    offered = {name: price([tool]) for name, tool in zip(head.tool_names, head.tools, strict=True)}
    assert offered.items() <= listed.items()


async def test_the_whole_is_counted_with_the_system_text(desk: Desk) -> None:
    head = desk.session.head
    assert f" take {head_tokens(head.system, head.tools)} of the 4,096 tokens" in await told(desk)


async def test_what_is_left_out_stands_under_its_own_line(desk: Desk) -> None:
    offered, found = (await told(desk)).split("\nFound through more_tools")
    assert "read_file" in offered and "todo_write" not in offered and "more_tools" in offered
    assert "todo_write" in found and "read_file" not in found


async def test_with_nothing_left_out_nothing_is_said_of_it(tmp_path) -> None:
    assert "more_tools" not in await told(Desk(rig(tmp_path).session, None, None))
