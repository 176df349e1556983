from __future__ import annotations

from contextlib import asynccontextmanager

import pytest
from textual.events import MouseScrollDown, Paste

from ollama_code.core.display import DiffBlock
from ollama_code.core.permission import Allowed, Answer, Refused
from ollama_code.frontends.tui.panels.choices import Choices
from ollama_code.frontends.tui.panels.confirm import ConfirmPanel
from ollama_code.frontends.tui.panels.rows import Rows
from ollama_code.frontends.tui.panels.settle import Typed
from tests.tui.panels.host import Hand, Host, screen_text
from tests.tui.panels.requests import HOSTILE, command, diff, request


@asynccontextmanager
async def asked(asks=None, *, settled=True, size=(80, 24), agent="main"):
    """The app, its pilot, the open panel and its clock."""
    hand = Hand()
    panel = ConfirmPanel(clock=hand)
    app = Host(panel)
    async with app.run_test(size=size) as pilot:
        panel.ask(asks or request(diff()), agent=agent)
        await pilot.pause()
        if settled:
            hand.now += 1
        yield app, pilot, panel, hand


def answers(app: Host) -> list[Answer]:
    return [message.answer for message in app.heard if isinstance(message, ConfirmPanel.Answered)]


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (["1"], Allowed()),
        (["y"], Allowed()),
        (["enter"], Allowed()),
        (["2"], Allowed(remember="session")),
        (["down", "enter"], Allowed(remember="session")),
        (["3"], Allowed(remember="project")),
        (["4"], Refused()),
        (["n"], Refused()),
        (["escape"], Refused()),
        (["up", "up", "enter"], Refused()),
        (["5", "n", "o", "1", "enter"], Refused(feedback="no1")),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
async def test_a_key_gives_its_answer_and_closes_the_panel(keys: list[str], answer: Answer):
    async with asked() as (app, pilot, panel, _):
        await pilot.press(*keys)
        assert answers(app) == [answer]
        assert not panel.display


@pytest.mark.parametrize("key", ["1", "2", "3", "4", "y", "n", "enter", "escape"])
async def test_a_key_in_the_first_half_second_answers_nothing(key: str):
    async with asked(settled=False) as (app, pilot, panel, hand):
        hand.now += 0.49
        await pilot.press(key)
        assert answers(app) == []
        assert panel.display


async def test_keys_typed_while_the_panel_opens_reach_the_prompt():
    async with asked(settled=False) as (app, pilot, _, _hand):
        await pilot.press("r", "u", "n", "space", "1")
        await pilot.pause()
        assert app.prompt.value == "run 1"


async def test_the_rest_of_a_word_goes_where_its_beginning_went():
    async with asked(settled=False) as (app, pilot, _, hand):
        for letter in "nanny":
            hand.now += 0.4
            await pilot.press(letter)
        await pilot.pause()
        assert (app.prompt.value, answers(app)) == ("nanny", [])


async def test_a_second_enter_of_who_was_typing_answers_nothing():
    async with asked(settled=False) as (app, pilot, _, hand):
        hand.now += 0.4
        await pilot.press("enter")
        hand.now += 0.4
        await pilot.press("enter")
        assert answers(app) == []


async def test_a_pause_after_the_word_makes_the_keys_count():
    async with asked(settled=False) as (app, pilot, _, hand):
        await pilot.press("a")
        hand.now += 0.5
        await pilot.press("1")
        assert answers(app) == [Allowed()]


async def test_a_paste_goes_to_the_prompt():
    async with asked() as (app, pilot, panel, _):
        panel.post_message(Paste("1\ny"))
        await pilot.pause()
        assert answers(app) == []
        assert [message.event.text for message in app.heard if isinstance(message, Typed)] == ["1\ny"]


async def test_letters_that_mean_nothing_do_nothing():
    async with asked() as (app, pilot, panel, _):
        await pilot.press("x", "6", "0", "space", "tab")
        assert answers(app) == []
        assert panel.display


async def test_a_digit_keeps_its_meaning_where_nothing_is_kept_for_the_folder():
    async with asked(request(diff(), keepable=False)) as (app, pilot, panel, _):
        await pilot.press("3")
        assert panel.display
        await pilot.press("4")
        assert answers(app) == [Refused()]


async def test_escape_in_the_reason_goes_back_to_the_choices():
    async with asked() as (app, pilot, _, _hand):
        await pilot.press("5", "h", "escape")
        assert answers(app) == []
        await pilot.press("2")
        assert answers(app) == [Allowed(remember="session")]


async def test_an_empty_reason_is_not_sent():
    async with asked() as (app, pilot, _, _hand):
        await pilot.press("5", "space", "enter")
        assert answers(app) == []


async def test_a_click_on_an_option_answers():
    async with asked() as (app, pilot, _, _hand):
        await pilot.click(Choices, offset=(6, 1))
        assert answers(app) == [Allowed(remember="session")]


async def test_a_click_in_the_first_half_second_answers_nothing():
    async with asked(settled=False) as (app, pilot, _, _hand):
        await pilot.click(Choices, offset=(6, 0))
        assert answers(app) == []


async def test_a_click_beside_the_options_answers_nothing():
    async with asked() as (app, pilot, _, _hand):
        await pilot.click("#body", offset=(6, 1))
        assert answers(app) == []


async def test_a_withdrawn_request_is_not_answered():
    async with asked() as (app, pilot, panel, _):
        panel.close()
        panel.post_message(Choices.Chosen(0))
        await pilot.press("1")
        assert answers(app) == []
        assert not panel.display


async def test_the_answer_names_its_request():
    asks = request(command())
    async with asked(asks) as (app, pilot, _, _hand):
        await pilot.press("1")
        assert [message.request for message in app.heard if isinstance(message, ConfirmPanel.Answered)] == [
            asks
        ]


async def test_a_long_diff_leaves_room_for_what_led_to_it():
    async with asked(request(diff(300))) as (_, _pilot, panel, _hand):
        assert panel.outer_size.height <= 24 * 0.6
        assert "5 No, and tell the model why" in screen_text(panel.app)


async def test_every_line_of_a_long_diff_can_be_reached():
    async with asked(request(diff(300)), size=(120, 40)) as (app, pilot, _, _hand):
        seen = screen_text(app)
        for _ in range(40):
            await pilot.press("pagedown")
            seen += screen_text(app)
        assert all(f"line {number} of a long file" in seen for number in range(300))


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 12)])
async def test_the_end_of_a_long_command_is_in_sight_from_the_start(size: tuple[int, int]):
    text = "\n".join(f"echo {number}" for number in range(500)) + "\nrm -rf ~/work\n\n\n   \n"
    async with asked(request(command(text)), size=size) as (app, _pilot, _, _hand):
        shown = screen_text(app, app.query_one("#body"))
        assert shown.startswith("$ echo 0\n")
        assert "rm -rf ~/work" in shown


async def test_what_is_left_out_of_sight_is_counted():
    text = "\n".join(f"echo {number}" for number in range(500))
    async with asked(request(command(text))) as (app, pilot, _, _hand):
        first = screen_text(app, app.query_one("#body")).split("\n")
        await pilot.press("pagedown")
        second = screen_text(app, app.query_one("#body")).split("\n")
    assert [line.rstrip("┄").strip() for line in first] == [
        "$ echo 0",
        "echo 1",
        "echo 2",
        "┄┄ 496 more lines",
        "echo 499",
    ]
    assert [line.rstrip("┄").strip() for line in second[:4]] == [
        "echo 3",
        "echo 4",
        "echo 5",
        "┄┄ 493 more lines",
    ]


async def test_the_end_of_one_very_long_line_is_in_sight_with_words_before_it():
    text = "echo " + "word " * 2000 + "&& rm -rf / tmp/x"
    async with asked(request(command(text))) as (app, _pilot, _, _hand):
        assert "&& rm -rf / tmp/x" in screen_text(app, app.query_one("#body"))


async def test_the_end_of_the_command_is_in_sight_and_not_that_of_the_rules_behind_it():
    scopes = tuple(f"run_shell_command(tool{number} *)" for number in range(50))
    asks = request(command("\n".join(f"tool{n} go" for n in range(50)) + "\ntail of it"), scopes=scopes)
    async with asked(asks) as (app, pilot, _, _hand):
        assert "tail of it" in screen_text(app, app.query_one("#body"))
        await pilot.press("end")
        assert "tool49 *" in screen_text(app, app.query_one("#body"))


def spread(changes: int) -> DiffBlock:
    """A change with much around it."""
    context = "\n".join(f" kept {number}" for number in range(20))
    changed = "\n".join(f"+new {number}" for number in range(changes))
    return DiffBlock(
        path="a.py", patch=f"@@ -1,40 +1,41 @@\n{context}\n{changed}\n{context}\n", added=1, removed=0
    )


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 12)])
async def test_a_diff_opens_where_it_changes_something(size: tuple[int, int]):
    async with asked(request(spread(1)), size=size) as (app, pilot, _, _hand):
        assert "+ new 0" in screen_text(app, app.query_one("#body"))
        await pilot.press("home")
        assert "kept 0" in screen_text(app, app.query_one("#body"))


async def test_the_last_change_of_a_diff_is_in_sight_with_the_first():
    async with asked(request(spread(100))) as (app, _pilot, _, _hand):
        shown = screen_text(app, app.query_one("#body"))
        assert "+ new 0" in shown and "+ new 99" in shown


async def test_a_resize_leaves_a_reader_where_they_are():
    async with asked(request(spread(100))) as (app, pilot, _, _hand):
        await pilot.press("end")
        await pilot.resize_terminal(90, 30)
        await pilot.pause()
        assert "kept 19" in screen_text(app, app.query_one("#body"))


async def test_the_wheel_scrolls_the_diff():
    async with asked(request(diff(300))) as (app, pilot, _, _hand):
        body = app.query_one("#body", Rows)
        down = MouseScrollDown(
            body, x=5, y=2, delta_x=0, delta_y=1, button=0, shift=False, meta=False, ctrl=False
        )
        body.post_message(down)
        await pilot.pause()
        assert body.scroll_target_y > 0


async def test_home_and_end_reach_the_ends_of_the_diff():
    async with asked(request(diff(10_000))) as (app, pilot, _, _hand):
        await pilot.press("end")
        assert "line 9999 of a long file" in screen_text(app)
        await pilot.press("home")
        assert "def load" in screen_text(app)


async def test_a_long_command_is_shown_whole():
    text = "echo " + " ".join(f"word{number}" for number in range(60))
    async with asked(request(command(text)), size=(120, 40)) as (app, _pilot, _, _hand):
        shown = screen_text(app)
        assert all(f"word{number}" in shown for number in range(60))


async def test_a_command_shows_what_is_invisible():
    asks = request(command("ls \u202e\u200b\x1b[8m; rm -rf ~\r# ls"))
    async with asked(asks, size=(120, 40)) as (app, _pilot, _, _hand):
        assert "ls <U+202E><U+200B><U+001B>[8m; rm -rf ~<U+000D># ls" in screen_text(app)


async def test_directory_background_and_subagent_are_said():
    async with asked(request(command(background=True)), agent="reviewer") as (app, _pilot, _, _hand):
        shown = " ".join(screen_text(app).split())
        assert "subagent reviewer · run_shell_command · in /home/ada/project · in the background" in shown


@pytest.mark.parametrize(
    ("reach", "words"),
    [("outside", "outside the workspace"), ("protected", "protected"), ("unseen", "never read")],
)
async def test_a_reach_beyond_the_usual_is_said_in_words(reach, words: str):
    async with asked(request(diff(), reach=reach)) as (app, _pilot, _, _hand):
        assert words in screen_text(app)


async def test_the_reason_it_asks_is_said():
    asks = request(command()).model_copy(update={"why": "core.fsmonitor of this repository says: touch x"})
    async with asked(asks, size=(120, 40)) as (app, _pilot, _, _hand):
        assert "It asks because core.fsmonitor of this repository says: touch x." in screen_text(app)


async def test_the_scopes_of_a_session_answer_are_spelled_out():
    async with asked(request(diff(), scopes=("edit(a.py)", "edit(b.py)"))) as (app, _pilot, _, _hand):
        assert "2 Yes, for this session: edit(a.py), edit(b.py)" in screen_text(app)


async def test_long_scopes_are_listed_whole_below_the_diff():
    scopes = tuple(f"edit(src/module_{number}.py)" for number in range(50))
    async with asked(request(diff(), scopes=scopes), size=(120, 40)) as (app, pilot, _, _hand):
        seen = ""
        for _ in range(10):
            seen += screen_text(app)
            await pilot.press("pagedown")
        assert all(scope in seen for scope in scopes)


@pytest.mark.parametrize("size", [(80, 24), (200, 50), (30, 10)])
async def test_nothing_hostile_reaches_the_screen(size: tuple[int, int]):
    asks = request(command(HOSTILE), scopes=(HOSTILE,)).model_copy(
        update=dict.fromkeys(("title", "tool", "why"), HOSTILE)
    )
    async with asked(asks, size=size, agent=HOSTILE) as (app, _pilot, _, _hand):
        shown = screen_text(app)
        assert "[@click=" in shown
        assert not set(shown) & set("\x1b\x07\x00\x9b\u202e\u2066\u200b")


async def test_one_line_of_a_megabyte_is_all_there():
    async with asked(request(command("x" * 1_000_000 + "END"))) as (app, pilot, _, _hand):
        await pilot.press("end")
        assert "END" in screen_text(app)
        assert len(answers(app)) == 0


async def test_a_resize_keeps_the_panel_whole():
    async with asked(request(diff(300))) as (app, pilot, panel, _):
        for size in ((200, 50), (40, 12), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert "1 Yes, once" in screen_text(app)
        assert panel.outer_size.height <= 24 * 0.6
