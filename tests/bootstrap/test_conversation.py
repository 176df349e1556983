"""One session after another, as a person goes on."""

from __future__ import annotations

import pytest

from ollama_code.bootstrap.conversation import Conversation
from ollama_code.bootstrap.options import Options
from tests.e2e.fixtures import program, run, server
from tests.e2e.program import RunInside
from tests.tui.test_bridge import Yes

__all__ = ["program", "run", "server"]


@pytest.fixture(autouse=True)
def inside(run: RunInside) -> None:
    """Every test stands in the project folder with the environment of the program."""


async def test_a_window_that_was_pinned_meanwhile_is_newer_than_the_flag_of_the_start() -> None:
    talk = Conversation(Options(num_ctx=4096), Yes())
    await talk.open()
    before = await talk.clear()
    await talk.command("/context 8192")
    after = await talk.clear()
    await talk.close()
    assert (before.session.head.num_ctx, after.session.head.num_ctx) == (4096, 8192)
