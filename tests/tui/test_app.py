"""The whole app by its keys, against a real server on the wire."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import pytest

from ollama_code.bootstrap.options import Options
from ollama_code.commands.registry import COMMANDS
from ollama_code.core.events import TextDelta, TurnFinished
from ollama_code.frontends.tui.dialogs.picker import ModelPicker
from tests.e2e.program import held_open
from tests.ollama_server import Call, Model, OllamaServer, Pace, Pull, Reply

MODES = {"plan", "default", "auto-edit", "yolo"}
WRITE = Call("write_file", {"file_path": "note.txt", "content": "written by the model\n"})


@pytest.fixture
def server(stage, monkeypatch):
    with OllamaServer() as running:
        monkeypatch.setenv("OLLAMA_HOST", running.url)
        yield running


async def test_what_was_approved_is_done(stage, server):
    server.play(Reply(calls=(WRITE,)), Reply(text="It is written."))
    async with stage.playing() as play:
        await play.open()
        await play.enter("write it")
        await play.asked("written by the model")
        assert not (stage.project / "note.txt").exists() and "waits for you" in play.status
        await play.pilot.press("1")
        await play.until(lambda: "It is written." in play.text and not play.busy)
    assert (stage.project / "note.txt").read_text() == "written by the model\n"


async def test_a_bare_no_ends_the_turn(stage, server):
    server.play(Reply(calls=(WRITE,)))
    async with stage.playing() as play:
        await play.open()
        await play.enter("write it")
        await play.asked()
        await play.pilot.press("escape")
        await play.until(lambda: "Stopped: a call was refused." in play.text)
    assert not (stage.project / "note.txt").exists()


async def test_a_no_with_a_reason_reaches_the_model(stage, server):
    server.play(Reply(calls=(WRITE,)), Reply(text="Then not."))
    async with stage.playing() as play:
        await play.open()
        await play.enter("write it")
        await play.asked()
        await play.pilot.press("5", *"wrong folder", "enter")
        await play.until(lambda: "Then not." in play.text and not play.busy)
    assert "wrong folder" in str(server.chats[-1].json()["messages"])
    assert not (stage.project / "note.txt").exists()


async def test_yes_for_the_session_asks_no_second_time(stage, server):
    again = Call("write_file", {"file_path": "note.txt", "content": "again\n"})
    server.play(Reply(calls=(WRITE,)), Reply(calls=(again,)), Reply(text="Twice."))
    async with stage.playing() as play:
        await play.open()
        await play.enter("write it twice")
        await play.asked()
        await play.pilot.press("2")
        await play.until(lambda: "Twice." in play.text and not play.busy)
    assert (stage.project / "note.txt").read_text() == "again\n"


async def test_keys_typed_while_a_question_opens_go_to_the_prompt_and_answer_nothing(stage, server):
    server.play(Reply(calls=(WRITE,)))
    async with stage.playing() as play:
        await play.open()
        await play.enter("write it")
        await play.until(lambda: play.room.query_one("ConfirmPanel").display)
        play.post(*"y1es")
        await play.until(lambda: play.app.prompt.text_expanded == "y1es")
        await play.asked()
        assert not (stage.project / "note.txt").exists()
        await play.pilot.press("1")
        await play.until(lambda: (stage.project / "note.txt").exists())


async def test_a_line_that_a_question_interrupts_can_be_finished_and_is_queued(stage, server):
    server.play(Reply(calls=(WRITE,)), Reply(text="Written."), Reply(text="Next."))
    async with stage.playing() as play:
        await play.open()
        await play.enter("write it")
        await play.until(lambda: play.room.query_one("ConfirmPanel").display)
        play.post(*"anx", "backspace", "d", "enter", "enter")
        await play.until(lambda: "queued: and" in play.screen)
        assert not (stage.project / "note.txt").exists()
        await play.asked()
        await play.pilot.press("1")
        await play.until(lambda: "Next." in play.text)


async def test_a_line_begun_at_an_open_question_answers_it_by_none_of_its_letters(stage, server):
    server.play(Reply(calls=(WRITE,)))
    async with stage.playing() as play:
        await play.open()
        await play.enter("write it")
        await play.asked()
        await play.pilot.press(*"why1")
        await play.until(lambda: play.app.prompt.text_expanded == "why1")
        assert "Esc goes back to this question" in play.screen
        await play.pilot.press("enter")
        await play.until(lambda: "queued: why1" in play.screen and "Esc is no" in play.screen)
        assert not (stage.project / "note.txt").exists()
        await play.pilot.press("1")
        await play.until(lambda: (stage.project / "note.txt").exists())


async def test_escape_goes_from_a_line_back_to_the_question_and_then_refuses(stage, server):
    server.play(Reply(calls=(WRITE,)))
    async with stage.playing() as play:
        await play.open()
        await play.enter("write it")
        panel = await play.asked()
        await play.pilot.press("w", "escape")
        await play.until(lambda: panel.has_focus and play.busy)
        await play.pilot.press("escape")
        await play.until(lambda: "refused" in play.text)
        assert play.app.prompt.text_expanded == "w"


async def test_a_letter_that_strayed_from_an_open_question_can_be_deleted(stage, server):
    server.play(Reply(calls=(WRITE,)))
    async with stage.playing() as play:
        await play.open()
        await play.enter("write it")
        await play.asked()
        await play.pilot.press("x", "backspace")
        await play.until(lambda: not play.app.prompt.text_expanded)
        await play.pilot.press("4")
        await play.until(lambda: "refused" in play.text)


async def test_a_command_that_only_shows_something_is_answered_in_the_middle_of_an_answer(stage, server):
    gate = server.gate()
    server.play(Reply(text="One two three.", pace=Pace(hold=gate, hold_after=2)))
    async with stage.playing() as play:
        await play.open()
        await play.enter("count")
        await play.until(lambda: "One" in play.text)
        await play.enter("/jobs")
        await play.until(lambda: "There are no background jobs." in play.text)
        assert play.busy and "queued" not in play.screen
        gate.open()
        await play.until(lambda: "three." in play.text and not play.busy)


async def test_ctrl_s_tells_the_running_turn_and_shows_when_it_was_heard(stage, server):
    gate = server.gate()
    server.play(
        Reply(calls=(Call("list_directory", {"path": "."}),), pace=Pace(hold=gate)), Reply(text="Yes.")
    )
    async with stage.playing() as play:
        await play.open()
        await play.enter("look around")
        await gate.until_reached()
        play.app.prompt.set_draft("be brief")
        await play.pilot.press("ctrl+s")
        await play.until(lambda: "next step: be brief" in play.screen)
        assert "❯ be brief" not in play.text
        gate.open()
        await play.until(lambda: "Yes." in play.text and not play.busy)
        assert "❯ be brief" in play.text and "next step" not in play.screen


async def test_ctrl_s_on_an_empty_prompt_tells_the_turn_what_waits(stage, server):
    gate = server.gate()
    server.play(
        Reply(calls=(Call("list_directory", {"path": "."}),), pace=Pace(hold=gate)), Reply(text="Yes.")
    )
    async with stage.playing() as play:
        await play.open()
        await play.enter("look around")
        await gate.until_reached()
        await play.enter("be brief")
        await play.until(lambda: "queued: be brief" in play.screen)
        await play.pilot.press("ctrl+s")
        await play.until(lambda: "next step: be brief" in play.screen and "queued" not in play.screen)
        gate.open()


async def test_ctrl_c_copies_what_is_selected_and_says_so(stage, server):
    server.play(Reply(text="forty-two"))
    async with stage.playing() as play:
        await play.open()
        await play.say("how many?")
        y = next(y for y, row in enumerate(play.screen.split("\n")) if "forty-two" in row)
        await play.pilot.click("Transcript", offset=(3, y), times=2)
        await play.pilot.press("ctrl+c")
        assert play.app.clipboard == "forty-two" and "copied" in play.status
        await play.pilot.press("ctrl+c")
        assert "Ctrl+C again leaves" in play.status


async def test_letters_an_open_question_has_no_use_for_go_to_the_prompt(stage, server):
    server.play(Reply(calls=(WRITE,)))
    async with stage.playing() as play:
        await play.open()
        await play.enter("write it")
        await play.asked()
        await play.pilot.press("x", "z")
        assert play.app.prompt.text_expanded == "xz"
        await play.pilot.press("escape", "4")
        await play.until(lambda: "refused" in play.text)


async def test_the_model_asks_and_hears_the_answer(stage, server):
    call = Call("ask_user", {"question": "Which colour?", "options": ["red", "blue"]})
    server.play(Reply(calls=(call,)), Reply(text="Blue it is."))
    async with stage.playing() as play:
        await play.open()
        await play.enter("ask me")
        await play.until(lambda: "Which colour?" in play.screen and "blue" in play.screen)
        stage.hand.now += 1
        await play.pilot.press("2")
        await play.until(lambda: "Blue it is." in play.text)
    assert "blue" in str(server.chats[-1].json()["messages"][-1])


async def test_escape_stops_a_turn_before_another_word_is_shown(stage, server):
    gate = server.gate()
    server.play(Reply(text="word " * 50, pace=Pace(hold=gate, hold_after=4)), Reply(text="Again."))
    async with stage.playing() as play:
        await play.open()
        heard = []
        play.room.bridge._talk.opened.session.observe(heard.append)
        await play.enter("talk")
        await play.until(lambda: sum(isinstance(event, TextDelta) for event in heard) == 4)
        await play.pilot.press("escape")
        await play.until(lambda: isinstance(heard[-1], TurnFinished))
        assert await asyncio.to_thread(server.chats[0].gone.wait, 10)  # the server may stop, too
        gate.open()
        assert sum(isinstance(event, TextDelta) for event in heard) == 4
        await play.until(lambda: "Stopped." in play.text)
        await play.say("and now")
        await play.until(lambda: "Again." in play.text)


async def test_escape_ends_the_commands_of_the_model_and_leaves_a_history_that_can_go_on(stage, server):
    held = held_open(stage.project / "held")
    command = "exec 3> held; sleep 300 & wait"
    server.play(Reply(calls=(Call("run_shell_command", {"command": command}),)), Reply(text="Again."))
    async with stage.playing(Options(mode="yolo")) as play:
        await play.open()
        await play.enter("run it")
        await play.until(held)
        await play.pilot.press("escape")
        await play.until(lambda: not play.busy)
        assert not held()
        await play.say("and now")
    asked, answered = server.chats[-1].json()["messages"][-3:-1]
    assert [call["function"]["name"] for call in asked["tool_calls"]] == ["run_shell_command"]
    assert answered["role"] == "tool"


async def test_escape_stops_a_command_that_runs(stage, server):
    async with stage.playing() as play:
        await play.open()
        await play.enter("!echo begun; sleep 60")
        await play.until(lambda: "begun" in play.text)
        await play.pilot.press("escape")
        await play.until(lambda: "Stopped." in play.text and not play.busy)


async def test_shift_tab_walks_through_the_modes(stage, server):
    async with stage.playing() as play:
        await play.open()
        seen = []
        for _ in range(4):
            await play.pilot.press("shift+tab")
            await play.pilot.pause()
            seen.append(next(word for word in play.status.split() if word in MODES))
        assert seen == ["auto-edit", "yolo", "plan", "default"]
        await play.pilot.press("x")
        assert play.app.prompt.text_expanded == "x"


async def test_without_a_model_shift_tab_says_why_nothing_changes(stage):
    async with stage.playing() as play:
        await play.until(lambda: play.app.room and "No Ollama answers" in play.screen)
        await play.pilot.press("shift+tab")
        assert "once there is a model" in play.status and "default" in play.status


async def test_a_click_on_the_queue_spares_the_draft(stage, server):
    gate = server.gate()
    server.play(Reply(text="one", pace=Pace(hold=gate)))
    async with stage.playing() as play:
        await play.open()
        for line in ("first", "second"):
            await play.enter(line)
        await play.until(lambda: "queued: second" in play.screen)
        await play.pilot.press(*"half a")
        await play.pilot.click("QueueView")
        await play.pilot.pause()
        assert play.app.prompt.text_expanded == "half a" and "queued: second" in play.screen


async def test_ctrl_c_leaves_only_when_pressed_twice_in_a_row(stage, server):
    async with stage.playing() as play:
        await play.open()
        await play.pilot.press("ctrl+c", "a")
        assert "again" not in play.status
        await play.pilot.press("backspace", "ctrl+c")
        assert "Ctrl+C again leaves" in play.status and play.app.is_running
        await play.pilot.press("ctrl+c")
        assert play.app.return_value == 0


async def test_ctrl_c_twice_leaves_from_a_dialog_too(stage, server):
    server.add_model("other:latest")
    async with stage.playing() as play:
        await play.until(lambda: isinstance(play.app.screen, ModelPicker))
        await play.pilot.press("ctrl+c", "a")
        await play.until(lambda: "again" not in play.status)
        await play.pilot.press("ctrl+c")
        assert "Ctrl+C again leaves" in play.status and play.app.is_running
        await play.pilot.press("ctrl+c")
        assert play.app.return_value == 0


async def test_lines_sent_while_a_turn_runs_wait_in_sight_and_up_takes_the_newest_back(stage, server):
    gate = server.gate()
    server.play(Reply(text="one", pace=Pace(hold=gate)), Reply(text="two"))
    async with stage.playing() as play:
        await play.open()
        for line in ("first", "second", "third"):
            await play.enter(line)
        await play.until(lambda: "queued: second" in play.screen and "queued: third" in play.screen)
        await play.pilot.press("up")
        await play.until(lambda: play.app.prompt.text_expanded == "third")
        assert "queued: third" not in play.screen
        gate.open()
        await play.until(lambda: "two" in play.text and not play.busy)


def beside_the_bar(play) -> list[str]:
    """The rows without the scroll bar, whose thumb moves, and without the last one, which counts what is new."""
    return [row.rstrip("│▐ ") for row in play.text.splitlines()[:-1]]


async def test_a_reader_who_scrolled_up_is_not_moved_by_new_words(stage, server):
    gate = server.gate()
    before = "\n\n".join(f"paragraph {n}" for n in range(60))
    server.play(Reply(text=before), Reply(text="\n\n".join(["later"] * 40), pace=Pace(hold=gate)))
    async with stage.playing() as play:
        await play.open()
        await play.say("talk")
        await play.enter("more")
        await gate.until_reached()
        await play.until(lambda: "more" in play.text)
        await play.pilot.press("pageup", "pageup")
        await play.until(lambda: "paragraph 59" not in play.text)
        seen = beside_the_bar(play)
        gate.open()
        await play.until(lambda: "new lines below" in play.text and not play.busy)
        assert beside_the_bar(play) == seen


async def test_a_resize_in_the_middle_of_an_answer_loses_nothing(stage, server):
    gate = server.gate()
    server.play(Reply(text="alpha beta gamma delta " * 12 + "omega", pace=Pace(hold=gate, hold_after=9)))
    async with stage.playing(size=(120, 40)) as play:
        await play.open()
        await play.enter("talk")
        await play.until(lambda: "alpha" in play.text)
        await play.pilot.resize_terminal(60, 20)
        gate.open()
        await play.until(lambda: "omega" in play.text and not play.busy)
        assert play.text.count("alpha") == 12


async def test_nothing_is_asked_of_the_server_before_the_first_paint(stage, server):
    async with stage.playing() as play:
        assert ">" in play.screen and server.requests == []
        await play.open()
        assert server.requests


async def test_a_line_sent_before_the_room_is_there_is_answered(stage, server):
    server.play(Reply(text="I heard that."))
    async with stage.playing() as play:
        play.post(*"early", "enter")
        await play.until(lambda: play.app.room and "I heard that." in play.text)


async def test_without_a_server_it_says_how_to_get_one_and_enter_looks_again(stage, monkeypatch):
    async with stage.playing() as play:
        await play.until(lambda: play.app.room and "No Ollama answers" in play.screen)
        assert "ollama serve" in play.screen and "ollama.com/download" in play.screen
        with OllamaServer() as late:
            monkeypatch.setenv("OLLAMA_HOST", late.url)
            await play.pilot.press("enter")
            await play.until(lambda: "tiny:latest" in play.status)
            assert "No Ollama" not in play.screen


async def test_a_line_that_could_not_be_sent_is_kept_and_can_be_edited(stage):
    async with stage.playing() as play:
        await play.until(lambda: play.app.room and "No Ollama answers" in play.screen)
        await play.enter("explain this project")
        await play.until(lambda: "held: explain this project" in play.screen)
        await play.pilot.press("up")
        await play.until(lambda: play.app.prompt.text_expanded == "explain this project")


async def test_escape_holds_what_is_queued_until_enter(stage, server):
    gate = server.gate()
    server.play(Reply(text="one", pace=Pace(hold=gate)), Reply(text="Second answer."))
    async with stage.playing() as play:
        await play.open()
        for line in ("first", "second"):
            await play.enter(line)
        await gate.until_reached()
        await play.pilot.press("escape")
        await play.until(lambda: "held: second" in play.screen and not play.busy)
        await play.pilot.press("enter")
        await play.until(lambda: "Second answer." in play.text)
        assert "held" not in play.screen


async def test_a_bare_no_holds_what_is_queued(stage, server):
    server.play(Reply(calls=(WRITE,)))
    async with stage.playing() as play:
        await play.open()
        await play.enter("write it")
        await play.until(lambda: play.busy)
        await play.enter("and then")
        await play.asked()
        play.room.query_one("ConfirmPanel").focus()
        await play.pilot.press("4")
        await play.until(lambda: "held: and then" in play.screen and not play.busy)


async def test_several_models_open_the_picker_and_the_choice_is_used(stage, server):
    server.add_model("other:latest")
    async with stage.playing() as play:
        await play.until(lambda: isinstance(play.app.screen, ModelPicker))
        await play.pilot.press("down", "enter")
        await play.until(lambda: "other:latest" in play.status)


async def test_events_that_come_while_a_dialog_is_open_are_shown_behind_it(stage, server):
    server.add_model("other:latest")
    gate = server.gate()
    server.play(Reply(text="behind", pace=Pace(hold=gate)))
    async with stage.playing(Options(model="tiny:latest")) as play:
        await play.open()
        await play.say("/model")
        await play.until(lambda: isinstance(play.app.screen, ModelPicker))
        play.room.bridge.submit("talk")
        gate.open()
        await play.until(lambda: len(server.chats) == 1 and not play.busy)
        await play.pilot.press("escape")
        await play.until(lambda: "behind" in play.text)


async def test_a_missing_model_is_pulled_in_sight_and_used(stage, monkeypatch):
    with OllamaServer(models=()) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.url)
        gate = server.gate()
        half = {
            "status": "pulling abc",
            "digest": "sha256:a",
            "total": 4_000_000_000,
            "completed": 2_000_000_000,
        }
        server.set_pull("new", Pull((half,), None, Model("new:latest"), gate))
        async with stage.playing() as play:
            await play.until(lambda: play.app.room and "no model" in play.screen)
            await play.enter("/pull new")
            await play.until(lambda: "50%" in play.screen and "2.0 GB of 4.0 GB" in play.screen)
            gate.open()
            await play.until(lambda: "new:latest" in play.status)


async def test_escape_stops_a_pull(stage, server):
    server.set_pull("new", Pull(({"status": "pulling manifest"},), None, Model("new:latest"), server.gate()))
    async with stage.playing() as play:
        await play.open()
        await play.enter("/pull new")
        await play.until(lambda: "pulling manifest" in play.screen)
        await play.pilot.press("escape")
        await play.until(lambda: "Pulling" not in play.screen and not play.busy)
    assert server.models == ["tiny:latest"]


async def test_a_failed_pull_stays_to_be_read_and_any_escape_closes_it(stage, server):
    async with stage.playing() as play:
        await play.open()
        await play.say("/pull nosuch")
        await play.until(lambda: "nosuch was not pulled" in play.screen)
        await play.pilot.press("a", "escape")
        await play.until(lambda: "nosuch was not pulled" not in play.screen)
        assert play.app.prompt.text_expanded == "a"


async def test_what_is_typed_while_a_pull_runs_or_has_failed_is_sent_as_typed(stage, server):
    async with stage.playing() as play:
        await play.open()
        await play.say("/pull nosuch")
        await play.until(lambda: "nosuch was not pulled" in play.screen)
        play.post("escape", *"/modx", "backspace", "e", "enter")
        await play.until(lambda: "The mode is default" in play.text)


async def test_compaction_is_told_in_numbers(stage, server):
    server.play(Reply(text="word " * 300), Reply(text="more"), Reply(text="A summary."))
    async with stage.playing() as play:
        await play.open()
        for line in ("tell", "on", "/compact"):
            await play.say(line)
        await play.until(lambda: "Compacted:" in play.text)


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("/help", "/compact"),
        ("/mode plan", "The mode is now plan."),
        ("/todos", "There are no todos."),
        ("/tools", "run_shell_command"),
        ("/jobs", "There are no background jobs."),
        ("/copy", "There is no answer to copy yet."),
        ("/nosuch", "There is no command /nosuch."),
    ],
)
async def test_a_command_answers_in_the_transcript(stage, server, line: str, seen: str):
    async with stage.playing(size=(120, 40)) as play:
        await play.open()
        await play.say(line)
        await play.until(lambda: seen in play.text)
        assert server.chats == []


async def test_help_lists_every_command_and_the_keys_and_fits_the_smallest_usual_screen(stage, server):
    async with stage.playing() as play:
        await play.open()
        await play.say("/help")
        await play.until(lambda: "/quit" in play.text)
        assert all(f"/{name} " in play.text for name in COMMANDS)
        assert all(
            keys in play.text
            for keys in ("Ctrl+S tells", "Esc stops", "Ctrl+C twice leaves", "Shift+Tab mode")
        )


async def test_a_file_is_completed_and_attached(stage, server):
    (stage.project / "sundial.py").write_text("HOURS = 12\n")
    server.play(Reply(text="Twelve."))
    async with stage.playing() as play:
        await play.open()
        await play.pilot.press("@", *"sund")
        await play.until(lambda: play.screen.count("sundial.py") == 1)
        await play.pilot.press("tab", *"how many?", "enter")
        await play.until(lambda: "Twelve." in play.text)
    assert "HOURS = 12" in str(server.chats[-1].json()["messages"][-1])


async def test_what_is_typed_is_there_in_the_next_session(stage, server):
    server.play(Reply(text="Hello."))
    async with stage.playing() as play:
        await play.open()
        await play.say("remember me")
    async with stage.playing() as play:
        await play.open()
        await play.pilot.press("up")
        assert play.app.prompt.text_expanded == "remember me"


async def test_settings_to_mend_end_it_with_the_reason(stage):
    stage.state.mkdir()
    (stage.state / "settings.json").write_text('{"model": 3}')
    async with stage.playing() as play:
        await play.until(lambda: not play.app.is_running)
        assert play.app.failure is not None and play.app.failure.exit_code == 2


async def test_what_a_model_writes_cannot_steer_the_terminal(stage, server):
    server.play(Reply(text="a\x1b]52;c;ZXZpbA==\x07b \x1b[2J [red]c[/red] \u202egnp.exe"))
    async with stage.playing() as play:
        await play.open()
        await play.say("go")
        await play.until(lambda: "[red]c[/red]" in play.text)
        assert "\x1b" not in play.text and "\u202e" not in play.text


BEFORE_THE_FIRST_PAINT = """
import json, sys
from ollama_code import cli
from ollama_code.bootstrap.options import Options
from ollama_code.frontends.tui.run import OllamaCodeApp, _palette
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
"""
HEAVY = set(
    "pydantic ollama httpx psutil regex pathspec wcmatch filelock pypdf PIL charset_normalizer".split()
)


def test_nothing_heavy_is_imported_before_the_first_paint():
    done = subprocess.run(
        [sys.executable, "-c", BEFORE_THE_FIRST_PAINT], capture_output=True, text=True, check=True
    )
    assert set(json.loads(done.stdout)) & HEAVY == set()
