"""Every key of the prompt, on a real screen without a terminal."""

import pytest
from textual import events

from tests.tui.input.host import Host

BIG = "".join(f"line {n}\n" for n in range(312))


async def test_enter_sends_and_empties():
    async with Host().run_test() as pilot:
        await pilot.press(*"hi", "enter")
        assert (pilot.app.sent, pilot.app.editor.text) == (["hi"], "")


async def test_a_key_right_after_enter_belongs_to_the_next_prompt():
    """All keys are in the queue at once, as when a person types faster than the screen paints."""
    async with Host().run_test() as pilot:
        for key in ["a", "enter", "b", "enter", "c"]:
            pilot.app.post_message(events.Key(key, key if len(key) == 1 else "\r"))
        await pilot.pause()
        assert (pilot.app.sent, pilot.app.editor.text) == (["a", "b"], "c")


async def test_blank_text_is_not_sent_and_not_taken_away():
    async with Host().run_test() as pilot:
        await pilot.press("space", "enter")
        assert (pilot.app.sent, pilot.app.editor.text) == ([], " ")


@pytest.mark.parametrize("key", ["shift+enter", "ctrl+j", "alt+enter"])
async def test_a_line_is_broken_without_sending(key: str):
    async with Host().run_test() as pilot:
        await pilot.press("a", key, "b", "enter")
        assert pilot.app.sent == ["a\nb"]


async def test_the_prompt_grows_to_eight_rows_and_then_scrolls():
    async with Host().run_test() as pilot:
        heights = []
        for _ in range(10):
            heights.append(pilot.app.editor.size.height)
            await pilot.press("a", "ctrl+j")
        assert heights == [1, 2, 3, 4, 5, 6, 7, 8, 8, 8]
        await pilot.press("z", "enter")
        assert pilot.app.sent == ["a\n" * 10 + "z"]
        assert pilot.app.editor.size.height == 1


async def test_a_long_line_wraps_and_grows_too():
    async with Host().run_test(size=(40, 24)) as pilot:
        await pilot.press(*"word " * 16)
        assert pilot.app.editor.size.height == 3


async def test_up_and_down_walk_through_history_and_keep_the_draft():
    async with Host(["one", "two\nlines"]).run_test() as pilot:
        seen = []
        for key in ["d", "up", "up", "up", "down", "down", "down"]:
            await pilot.press(key)
            seen.append(pilot.app.editor.text)
        assert seen == ["d", "two\nlines", "one", "one", "two\nlines", "d", "d"]


async def test_up_and_down_move_inside_a_text_of_many_rows_first():
    async with Host(["old"]).run_test() as pilot:
        await pilot.press("a", "ctrl+j", "b", "up")
        assert (pilot.app.editor.text, pilot.app.editor.cursor_location) == ("a\nb", (0, 1))
        await pilot.press("up")
        assert pilot.app.editor.text == "old"


async def test_up_inside_a_wrapped_line_stays_in_it():
    async with Host(["old"]).run_test(size=(40, 24)) as pilot:
        await pilot.press(*"word " * 16, "up")
        assert pilot.app.editor.text != "old"


async def test_a_draft_with_a_paste_survives_a_walk_through_history():
    async with Host(["old"]).run_test() as pilot:
        pilot.app.post_message(events.Paste(BIG))
        await pilot.press("up", "down", "enter")
        assert pilot.app.sent == [BIG]


async def test_remembered_prompts_come_back_first():
    async with Host(["old"]).run_test() as pilot:
        pilot.app.prompt.remember("new")
        await pilot.press("up")
        assert pilot.app.editor.text == "new"


async def test_a_huge_prompt_comes_back_folded_and_is_sent_in_full():
    async with Host([BIG]).run_test() as pilot:
        await pilot.press("up")
        assert pilot.app.editor.text == "[pasted 312 lines #1]"
        await pilot.press("enter")
        assert pilot.app.sent == [BIG]


async def test_a_command_from_history_opens_no_list_that_would_catch_the_arrows():
    async with Host(["one", "/help"]).run_test() as pilot:
        await pilot.press("up", "up")
        assert (pilot.app.editor.text, pilot.app.rows) == ("one", [])


async def test_ctrl_c_copies_a_selection_and_else_is_left_to_the_app():
    async with Host().run_test() as pilot:
        await pilot.press(*"abc", "shift+left", "ctrl+c")
        assert pilot.app.clipboard == "c"
        await pilot.press("right", "ctrl+c")
        assert pilot.app.editor.text == "abc"
        assert "ctrl+c" in pilot.app.left


@pytest.mark.parametrize("key", ["escape", "shift+tab", "ctrl+t", "ctrl+o", "f1"])
async def test_keys_of_the_app_are_left_to_it(key: str):
    async with Host().run_test() as pilot:
        await pilot.press("a", key)
        assert pilot.app.left == [key]
        assert pilot.app.editor.text == "a"


async def test_ten_megabytes_cost_the_editor_a_few_characters():
    text = "0123456789abcde\n" * 655_360
    async with Host().run_test() as pilot:
        pilot.app.post_message(events.Paste(text))
        await pilot.pause()
        assert pilot.app.editor.text == "[pasted 655,360 lines #1]"
        assert pilot.app.drafts == ["[pasted 655,360 lines #1]"]
        await pilot.press("enter")
        assert pilot.app.sent == [text]


async def test_a_small_paste_with_terminal_line_ends_is_text():
    async with Host().run_test() as pilot:
        pilot.app.post_message(events.Paste("a\rb\x1b[2J\tc"))
        await pilot.press("enter")
        assert pilot.app.sent == ["a\nb[2J\tc"]


@pytest.mark.parametrize(
    ("keys", "left"),
    [
        (["backspace"], "ab"),
        (["left", "delete"], "ab"),
        (["ctrl+w"], "ab"),
        (["left", "ctrl+k"], "a"),
        (["shift+left", "x"], "axb"),
    ],
)
async def test_a_folded_paste_is_deleted_as_one(keys: list[str], left: str):
    async with Host().run_test() as pilot:
        await pilot.press("a", "b", "left")
        pilot.app.post_message(events.Paste(BIG))
        await pilot.press(*keys)
        assert pilot.app.editor.text == left


async def test_the_cursor_passes_over_a_folded_paste():
    async with Host().run_test() as pilot:
        pilot.app.post_message(events.Paste(BIG))
        await pilot.press("left", "a", "right", "b", "enter")
        assert pilot.app.sent == [f"a{BIG}b"]


async def test_a_click_into_a_folded_paste_does_not_tear_it():
    async with Host().run_test() as pilot:
        pilot.app.post_message(events.Paste(BIG))
        await pilot.pause()
        await pilot.click("Editor", offset=(7, 0))
        await pilot.press("x", "enter")
        assert pilot.app.sent[0].replace("x", "") == BIG


async def test_a_deleted_paste_comes_back_with_undo():
    async with Host().run_test() as pilot:
        pilot.app.post_message(events.Paste(BIG))
        await pilot.press("backspace", "ctrl+z", "enter")
        assert pilot.app.sent == [BIG]


@pytest.mark.parametrize("text", ["日本語", "👩🏽‍💻 ok", "e\u0301tude", "שלום", "\ttab"])
async def test_wide_joined_and_right_to_left_text_is_sent_as_typed(text: str):
    async with Host().run_test(size=(40, 24)) as pilot:
        for character in text:
            pilot.app.post_message(
                events.Paste(character) if character in "\t\u200d" else events.Key("x", character)
            )
        await pilot.press("enter")
        assert pilot.app.sent == [text]


async def test_wide_characters_wrap_by_their_cells():
    async with Host().run_test(size=(40, 24)) as pilot:
        pilot.app.prompt.receive(events.Paste("語" * 40))
        await pilot.pause()
        assert pilot.app.editor.size.height == 3


async def test_direction_marks_are_sent_and_shown_as_a_sign():
    async with Host().run_test() as pilot:
        pilot.app.prompt.receive(events.Paste("a\u202eb"))
        await pilot.pause()
        assert "a\ufffdb" in pilot.app.editor.render_line(0).text
        assert pilot.app.prompt.text_expanded == "a\u202eb"


async def test_a_draft_set_from_outside_can_be_edited_at_its_end():
    async with Host().run_test() as pilot:
        await pilot.press(*"old")
        pilot.app.prompt.set_draft("two\nlines")
        await pilot.press("!", "enter")
        assert pilot.app.sent == ["two\nlines!"]


async def test_a_paste_that_something_else_got_goes_to_the_cursor():
    async with Host().run_test() as pilot:
        await pilot.press("a", "c", "left")
        pilot.app.prompt.receive(events.Paste("b"))
        assert pilot.app.prompt.text_expanded == "abc"


async def test_clear_empties_for_good():
    async with Host().run_test() as pilot:
        await pilot.press("a")
        pilot.app.prompt.clear()
        await pilot.press("ctrl+z")
        assert pilot.app.editor.text == ""


async def test_every_change_is_told():
    async with Host().run_test() as pilot:
        await pilot.press("a", "b", "backspace")
        assert pilot.app.drafts == ["a", "ab", "a"]


async def test_keys_that_came_while_nothing_had_the_focus_can_be_handed_in():
    async with Host().run_test() as pilot:
        pilot.app.set_focus(None)
        pilot.app.prompt.receive(events.Key("h", "h"))
        pilot.app.prompt.receive(events.Paste("i"))
        await pilot.press("!")
        assert pilot.app.prompt.text_expanded == "hi!"


async def test_a_draft_set_before_the_first_paint_is_kept():
    app = Host()
    app.prompt.set_draft("early")
    async with app.run_test() as pilot:
        await pilot.press("!", "enter")
        assert app.sent == ["early!"]


async def test_a_shell_line_is_marked():
    async with Host().run_test() as pilot:
        await pilot.press(*"!ls")
        assert pilot.app.prompt.has_class("-shell")


async def test_a_key_that_edits_comes_before_the_letters_typed_after_it():
    async with Host().run_test() as pilot:
        for key in ["a", "b", "backspace", "c"]:
            pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await pilot.pause()
        assert pilot.app.editor.text == "ac"


async def test_enter_on_an_empty_line_says_so():
    async with Host().run_test() as pilot:
        await pilot.press("enter", "x", "enter", "space", "enter")
        assert (pilot.app.blanks, pilot.app.sent) == (1, ["x"])


@pytest.mark.parametrize("key", ["ctrl+k", "ctrl+u", "ctrl+w", "ctrl+f", "ctrl+d", "delete", "ctrl+shift+k"])
async def test_no_key_that_deletes_stumbles_over_the_ends_of_the_text(key: str):
    async with Host().run_test() as pilot:
        for text in ("", "one", "one\n"):
            for edge in ("ctrl+home", "ctrl+end"):
                pilot.app.prompt.set_draft(text)
                for pressed in (edge, key):
                    pilot.app.post_message(events.Key(pressed, None))
                await pilot.pause()
        pilot.app.prompt.set_draft("alive")
        await pilot.press("enter")
        assert pilot.app.sent == ["alive"]
