from __future__ import annotations

from ollama_code.core.todo import TodoItem
from ollama_code.frontends.tui.panels.todos import TodoPanel
from tests.tui.panels.host import Host, screen_text
from tests.tui.panels.requests import HOSTILE, todos


async def test_it_appears_with_the_first_todo_and_goes_with_the_last():
    panel = TodoPanel()
    async with Host(panel).run_test(size=(120, 40)) as pilot:
        seen = [panel.display]
        for items in (todos(), ()):
            panel.show(items)
            await pilot.pause()
            seen.append(panel.display)
        assert seen == [False, True, False]


async def test_each_status_has_its_mark():
    panel = TodoPanel()
    async with Host(panel).run_test(size=(120, 40)) as pilot:
        panel.show(todos(3, done=1))
        await pilot.pause()
        shown = screen_text(pilot.app, panel)
        assert "[x] Read the settings loader" in shown
        assert "[>] Find who calls it without" in shown
        assert "[ ] Say what to do when the" in shown


async def test_folded_it_is_one_line_with_what_is_being_done():
    panel = TodoPanel()
    panel.add_class("-folded")
    async with Host(panel).run_test(size=(80, 24)) as pilot:
        panel.show(todos())
        await pilot.pause()
        assert (
            screen_text(pilot.app, panel).strip()
            == "2/7  > Say what to do when the settings file is not there"
        )


async def test_the_class_alone_changes_the_look():
    panel = TodoPanel()
    async with Host(panel).run_test(size=(120, 40)) as pilot:
        panel.show(todos())
        await pilot.pause()
        wide = panel.size.height
        panel.add_class("-folded")
        await pilot.pause()
        assert (wide > 10, panel.size.height) == (True, 1)


async def test_what_is_being_done_is_in_sight_among_many():
    panel = TodoPanel()
    async with Host(panel).run_test(size=(120, 24)) as pilot:
        panel.show(todos(200, done=120))
        await pilot.pause()
        assert "[>]" in screen_text(pilot.app, panel)


async def test_nothing_hostile_reaches_the_screen():
    panel = TodoPanel()
    async with Host(panel).run_test(size=(120, 24)) as pilot:
        panel.show((TodoItem(id="1", content=HOSTILE), TodoItem(id="2", content="x" * 1_000_000)))
        await pilot.pause()
        shown = screen_text(pilot.app)
        assert "[@click=" in shown
        assert not set(shown) & set("\x1b\x07\x00\x9b\u202e\u2066\u200b")
