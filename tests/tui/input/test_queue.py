"""Prompts that wait for the running turn."""

from tests.tui.input.host import Host


def rows(app: Host) -> list[str]:
    return app.prompt.queue.render().plain.split("\n")


async def test_waiting_prompts_stand_above_the_prompt():
    async with Host().run_test() as pilot:
        pilot.app.prompt.queue.show(["one\nmore", "two\x1b[2J [red]"])
        await pilot.pause()
        assert rows(pilot.app) == [
            "queued: one more",
            "queued: two<U+001B>[2J [red]  (Up edits, Ctrl+S: next step)",
        ]
        assert pilot.app.prompt.queue.region.bottom == pilot.app.query_one("#line").region.y
        assert pilot.app.prompt.queue.size.height == 2


async def test_of_many_the_newest_are_shown():
    async with Host().run_test() as pilot:
        pilot.app.prompt.queue.show([str(n) for n in range(10)])
        await pilot.pause()
        assert rows(pilot.app) == ["8 more", "queued: 8", "queued: 9  (Up edits, Ctrl+S: next step)"]


async def test_what_is_held_says_how_to_send_it():
    async with Host().run_test() as pilot:
        pilot.app.prompt.queue.show(["new"], ["old"])
        await pilot.pause()
        assert rows(pilot.app) == ["held: old", "queued: new  (Enter sends, Up edits)"]


async def test_an_empty_queue_takes_no_room():
    async with Host().run_test() as pilot:
        pilot.app.prompt.queue.show(["one"])
        pilot.app.prompt.queue.show([])
        await pilot.pause()
        assert pilot.app.prompt.queue.region.height == 0


async def test_up_on_an_empty_prompt_asks_for_the_newest_back():
    async with Host(["old"]).run_test() as pilot:
        pilot.app.prompt.queue.show(["one"])
        await pilot.press("up")
        assert (pilot.app.taken_back, pilot.app.editor.text) == (1, "")


async def test_up_with_a_draft_goes_to_history():
    async with Host(["old"]).run_test() as pilot:
        pilot.app.prompt.queue.show(["one"])
        await pilot.press("d", "up")
        assert (pilot.app.taken_back, pilot.app.editor.text) == (0, "old")


async def test_a_click_asks_for_the_newest_back():
    async with Host().run_test() as pilot:
        pilot.app.prompt.queue.show(["one"])
        await pilot.pause()
        await pilot.click("QueueView")
        assert pilot.app.taken_back == 1
