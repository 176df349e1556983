"""The list of commands and files above the prompt."""

import asyncio
from collections.abc import Sequence

import pytest

from ollama_code.frontends.tui.input.choices import Choice, CommandChoices
from tests.tui.input.host import COMMANDS, Host


class Slow:
    """Answers a word when told to."""

    def __init__(self) -> None:
        self.asked: dict[str, asyncio.Event] = {}
        self.cancelled: list[str] = []

    async def complete(self, word: str) -> Sequence[Choice]:
        event = self.asked[word] = asyncio.Event()
        try:
            await event.wait()
        except asyncio.CancelledError:
            self.cancelled.append(word)
            raise
        return [Choice(f"{word}.py")]


async def test_a_slash_lists_commands_with_their_summaries():
    async with Host().run_test() as pilot:
        await pilot.press("slash")
        assert pilot.app.rows[:3] == [
            "› /help     this list",
            "  /model    the model of this session and its context window",
            "  /mode     how much runs without asking",
        ]
        assert len(pilot.app.rows) == 8


async def test_letters_narrow_the_list():
    async with Host().run_test() as pilot:
        await pilot.press("slash", "m", "o")
        assert [row[2:].split()[0] for row in pilot.app.rows] == ["/mode", "/model"]


async def test_commands_are_found_by_prefix_first_then_by_letters():
    found = await CommandChoices(lambda: COMMANDS).complete("co")
    assert [choice.value for choice in found] == ["copy", "compact"]
    assert [choice.value for choice in await CommandChoices(lambda: COMMANDS).complete("cmp")] == ["compact"]


@pytest.mark.parametrize("key", ["tab", "enter"])
async def test_the_chosen_command_is_taken_and_not_sent(key: str):
    async with Host().run_test() as pilot:
        await pilot.press("slash", "h", "e", key)
        assert (pilot.app.editor.text, pilot.app.sent, pilot.app.rows) == ("/help ", [], [])


async def test_enter_sends_a_word_that_is_complete():
    async with Host().run_test() as pilot:
        await pilot.press("slash", *"help", "enter")
        assert pilot.app.sent == ["/help"]


async def test_arrows_choose_and_go_round():
    async with Host().run_test() as pilot:
        await pilot.press("slash", "down", "down")
        assert pilot.app.rows[2].startswith("› /mode ")
        await pilot.press("up", "up", "up")
        assert pilot.app.rows[-1].startswith("› /quit")
        await pilot.press("enter")
        assert pilot.app.editor.text == "/quit "


async def test_escape_closes_the_list_for_this_word_and_then_belongs_to_the_app():
    async with Host().run_test() as pilot:
        await pilot.press("slash", "h", "escape")
        assert (pilot.app.rows, pilot.app.left, pilot.app.editor.text) == ([], [], "/h")
        await pilot.press("e", "escape")
        assert (pilot.app.rows, pilot.app.left) == ([], ["escape"])


async def test_tab_opens_a_closed_list_again():
    async with Host().run_test() as pilot:
        await pilot.press("slash", "h", "e", "escape", "tab")
        assert pilot.app.rows == ["› /help  this list"]


async def test_no_match_shows_no_list():
    async with Host().run_test() as pilot:
        await pilot.press("slash", *"zzz", "enter")
        assert (pilot.app.rows, pilot.app.sent) == ([], ["/zzz"])


async def test_a_file_is_completed_anywhere_in_the_text():
    async with Host().run_test() as pilot:
        await pilot.press(*"see", "ctrl+j", *"fix @pastes")
        assert pilot.app.rows == ["› ollama_code/frontends/tui/input/pastes.py"]
        await pilot.press("tab", *"and")
        assert pilot.app.editor.text == "see\nfix @ollama_code/frontends/tui/input/pastes.py and"


async def test_the_cursor_stands_behind_the_space_that_was_there():
    async with Host().run_test() as pilot:
        await pilot.press(*"fix  now", *["left"] * 4, *"@README", "tab", "x")
        assert pilot.app.editor.text == "fix @README.md xnow"


async def test_a_name_with_spaces_is_quoted():
    async with Host().run_test() as pilot:
        await pilot.press(*"@spaces", "enter")
        assert pilot.app.editor.text == '@"docs/a file with spaces.md" '


async def test_a_quoted_name_is_completed_across_its_spaces():
    async with Host().run_test() as pilot:
        await pilot.press(*'@"a file', "enter")
        assert pilot.app.editor.text == '@"docs/a file with spaces.md" '


async def test_only_the_latest_word_is_answered():
    slow = Slow()
    async with Host(files=slow).run_test() as pilot:
        await pilot.press("@", "a")
        slow.asked[""].set()
        await pilot.press("b")
        slow.asked["ab"].set()
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert pilot.app.rows == ["› ab.py"]
        assert slow.cancelled == ["", "a"]


async def test_an_answer_to_an_older_word_is_not_taken_by_enter():
    slow = Slow()
    async with Host(files=slow).run_test() as pilot:
        await pilot.press("@", "a")
        slow.asked["a"].set()
        await pilot.app.workers.wait_for_complete()
        await pilot.press("b", "enter")
        assert pilot.app.sent == ["@ab"]


async def test_a_long_wait_says_so_and_typing_goes_on():
    slow = Slow()
    async with Host(files=slow).run_test() as pilot:
        await pilot.press("@")
        while not pilot.app.rows:
            await pilot.pause(0.01)
        assert pilot.app.rows == ["looking through the files ..."]
        await pilot.press("escape", "a", "enter")
        assert (pilot.app.sent, pilot.app.rows) == (["@a"], [])


async def test_a_click_takes_a_row():
    async with Host().run_test() as pilot:
        await pilot.press("slash")
        await pilot.click("CompletionList", offset=(4, 2))
        await pilot.press("x")
        assert pilot.app.editor.text == "/mode x"


async def test_markup_in_a_name_is_shown_as_it_is():
    class Hostile:
        async def complete(self, word: str) -> Sequence[Choice]:
            return [Choice("[red]a[/red]\x1b[2J\u202e.py")]

    async with Host(files=Hostile()).run_test() as pilot:
        await pilot.press("@")
        await pilot.pause()
        assert pilot.app.rows == ["› [red]a[/red]<U+001B>[2J<U+202E>.py"]


@pytest.mark.parametrize("size", [(80, 24), (40, 24), (40, 8), (20, 5)])
async def test_the_list_lies_above_the_prompt_and_inside_the_screen(size: tuple[int, int]):
    async with Host().run_test(size=size) as pilot:
        await pilot.press("slash", *["down"] * 9)
        region, line = pilot.app.list.region, pilot.app.query_one("#line").region
        assert region.bottom == line.y
        assert (region.x, region.y >= 0, region.right <= size[0]) == (0, True, True)
        assert any(row.startswith("› /quit") for row in pilot.app.rows)


async def test_the_list_moves_nothing():
    async with Host().run_test() as pilot:
        before = pilot.app.query_one("#above").region
        await pilot.press("slash")
        assert pilot.app.query_one("#above").region == before


async def test_a_long_path_keeps_its_end_in_a_narrow_terminal():
    async with Host().run_test(size=(30, 12)) as pilot:
        await pilot.press(*"@pastes")
        assert pilot.app.rows == ["› …" + "ollama_code/frontends/tui/input/pastes.py"[-25:]]
