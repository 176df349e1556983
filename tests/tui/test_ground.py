"""What lies under the widgets is drawn as a blank: nothing of it may be in sight."""

from __future__ import annotations

import pytest

from ollama_code.bootstrap.options import Options
from ollama_code.frontends.tui.ground import Column, Ground, Row
from tests.tui.stage import Play


def bare_cells(play: Play) -> list[tuple[int, int]]:
    width, height = play.app.size
    owner = play.app.screen.get_widget_at
    cells = ((x, y) for y in range(height) for x in range(width))
    return [cell for cell in cells if isinstance(owner(*cell)[0], Ground | Row | Column)]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (30, 8)], ids=["usual", "wide", "tiny"])
async def test_the_ground_is_covered_while_a_person_is_asked_and_todos_show(stage, size):
    async with stage.playing(Options(demo=True), size=size) as play:
        await play.open()
        assert bare_cells(play) == []
        await play.enter("go")
        await play.asked()
        assert bare_cells(play) == []


async def test_the_ground_is_covered_where_no_server_answers(stage):
    async with stage.playing() as play:
        await play.until(lambda: "No Ollama answers" in play.screen)
        assert bare_cells(play) == []
