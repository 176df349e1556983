from __future__ import annotations

from textual.events import MouseEvent, MouseScrollDown, MouseScrollUp

from ollama_code.core.events import Notice, TextDelta, ToolProgressed, ToolStarted, TurnStarted
from ollama_code.core.messages import AssistantMessage, Message, ToolCall, UserMessage
from tests.tui.transcript.host import Host, drawn, lines_of_text, said


async def test_the_view_follows_new_text():
    app = Host(events=said(lines_of_text(60)))
    async with app.run_test(size=(60, 12)) as pilot:
        assert (await drawn(pilot))[-1] == " row 59"
        assert app.transcript.following


async def test_new_text_never_moves_a_reader_who_scrolled_up():
    app = Host(events=said(lines_of_text(60)))
    async with app.run_test(size=(60, 12)) as pilot:
        await drawn(pilot)
        app.transcript.action_page_up()
        before = await drawn(pilot)
        app.transcript.show(TextDelta(text="\n\nmore\n\nand more"))
        after = await drawn(pilot)
        assert [row[:-1].rstrip() for row in after[:-1]] == [row[:-1].rstrip() for row in before[:-1]]
        assert "↓ 4 new lines below" in after[-1]


async def test_rows_that_come_above_the_reader_are_not_new_below():
    call = ToolCall(id="1", name="run_shell_command", arguments={})
    app = Host(events=(ToolStarted(call=call, title="Run make"), *said(lines_of_text(60))))
    async with app.run_test(size=(60, 12)) as pilot:
        await drawn(pilot)
        app.transcript.action_page_up()
        before = await drawn(pilot)
        app.transcript.show(ToolProgressed(call_id="1", text="one\ntwo\nthree\n"))
        assert [row[:-1] for row in await drawn(pilot)] == [row[:-1] for row in before]


async def test_one_piece_of_two_hundred_thousand_characters_is_shown_to_its_end():
    app = Host(events=said(lines_of_text(20_000)))
    async with app.run_test(size=(60, 12)) as pilot:
        assert (await drawn(pilot))[-1] == " row 19999"


async def test_scrolling_to_the_bottom_follows_again():
    app = Host(events=said(lines_of_text(60)))
    async with app.run_test(size=(60, 12)) as pilot:
        await drawn(pilot)
        app.transcript.action_page_up()
        app.transcript.show(TextDelta(text="\n\nlast words"))
        await drawn(pilot)
        for _ in range(4):
            app.transcript.action_page_down()
        assert (await drawn(pilot))[-1] == " last words"
        assert app.transcript.following


async def test_end_follows_and_home_shows_the_start():
    app = Host(events=(TurnStarted(text="first words"), *said(lines_of_text(60))))
    async with app.run_test(size=(60, 12)) as pilot:
        await drawn(pilot)
        app.transcript.action_scroll_home()
        assert (await drawn(pilot))[0].startswith(" ❯ first words")
        assert not app.transcript.following
        app.transcript.action_scroll_end()
        assert (await drawn(pilot))[-1] == " row 59"


async def test_the_wheel_scrolls_and_comes_back():
    app = Host(events=said(lines_of_text(60)))
    async with app.run_test(size=(60, 12)) as pilot:
        before = await drawn(pilot)
        app.transcript.post_message(wheel(MouseScrollUp))
        await pilot.pause()
        assert not app.transcript.following
        app.transcript.post_message(wheel(MouseScrollDown))
        assert await drawn(pilot) == before


async def test_a_resize_keeps_the_reader_at_the_same_words():
    text = "\n\n".join(f"mark{number} " + "word " * 30 for number in range(60))
    app = Host(events=said(text))
    async with app.run_test(size=(80, 14)) as pilot:
        await drawn(pilot)
        for _ in range(3):
            app.transcript.action_page_up()
        words = _first_mark(await drawn(pilot))
        for size in ((41, 14), (120, 9), (20, 5), (80, 14)):
            await pilot.resize_terminal(*size)
            await drawn(pilot)
        assert _first_mark(await drawn(pilot)) == words
        assert not app.transcript.following


async def test_a_resize_keeps_following():
    app = Host(events=said(lines_of_text(60)))
    async with app.run_test(size=(60, 12)) as pilot:
        await drawn(pilot)
        await pilot.resize_terminal(33, 20)
        assert (await drawn(pilot))[-1] == " row 59"


async def test_nothing_breaks_at_no_height_or_little_width():
    app = Host(events=(*said("# head\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```py\nx = 1\n```"),))
    async with app.run_test(size=(20, 10)) as pilot:
        app.transcript.styles.height = 0
        await pilot.pause()
        app.transcript.show(Notice(text="still here"))
        await pilot.resize_terminal(1, 3)
        app.transcript.styles.height = 3
        await pilot.resize_terminal(20, 10)
        assert any("still" in row for row in await drawn(pilot))


async def test_a_recalled_conversation_shows_its_end():
    app = Host()
    async with app.run_test(size=(60, 12)) as pilot:
        messages: list[Message] = []
        for number in range(1000):
            messages += [UserMessage(text=f"question {number}"), AssistantMessage(text=f"answer {number}")]
        app.transcript.recall(messages)
        assert (await drawn(pilot))[-1] == " answer 999"


async def test_scrolling_up_through_estimated_blocks_skips_nothing():
    app = Host()
    async with app.run_test(size=(40, 10)) as pilot:
        app.transcript.recall([AssistantMessage(text=f"answer {n} " + "word " * (n % 40)) for n in range(80)])
        seen = set()
        await drawn(pilot)
        while True:
            shown = await drawn(pilot)
            seen |= {row.split()[1] for row in shown if row.startswith(" answer ")}
            if shown[0].startswith(" answer 0"):
                break
            app.transcript.action_page_up()
        assert seen == {str(number) for number in range(80)}


def wheel(kind: type[MouseEvent]) -> MouseEvent:
    """The pilot has no wheel."""
    return kind(None, 1, 1, 0, 0, 0, shift=False, meta=False, ctrl=False)


def _first_mark(rows: list[str]) -> str:
    return next(word for row in rows for word in row.split() if word.startswith("mark"))
