"""The whole app with texts that mean it badly: nothing is obeyed, nothing is lost, nobody is moved."""

from __future__ import annotations

import re
import shlex

import pytest

from ollama_code.bootstrap.options import Options
from tests.ollama_server import Call, Model, OllamaServer, Pace, Reply
from tests.tui.stage import Play

EVIL = (
    "a\x1b[31mred\x1b]52;c;aGFja2Vk\x07 \x1b]8;;http://x\x07link\x1b]8;;\x07 \x9b2J\x9d0;t\x07 \x07\x08\x00"
    " \u202eevil\u2066 \u200btab\there e\u0301 👩\u200d🚀 日本 שלום END"
)
RAW = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2066-\u2069]")


@pytest.fixture
def server(stage, monkeypatch):
    with OllamaServer() as running:
        monkeypatch.setenv("OLLAMA_HOST", running.url)
        yield running


def assert_quiet(play: Play) -> None:
    """No cell of the screen holds what a terminal would obey, and every row is as wide as the screen."""
    assert RAW.findall(play.screen) == []
    strips = play.app.screen._compositor.render_strips()
    assert {strip.cell_length for strip in strips} == {play.app.size.width}


async def answered(play: Play, line: str) -> None:
    """Quiet all the way, folded and open."""
    await play.enter(line)
    await play.until(lambda: (assert_quiet(play), not play.busy)[1])
    await play.pilot.press("ctrl+o")
    await play.pilot.pause()
    assert_quiet(play)


async def test_words_and_thinking_are_shown_and_not_obeyed(stage, server):
    server.add_model("tiny:latest", capabilities=("completion", "tools", "thinking"))
    server.play(Reply(thinking=EVIL, text=f"{EVIL}\n\n```py\n{EVIL}\n```\n\n| {EVIL} |\n|---|\n| {EVIL} |\n"))
    async with stage.playing(size=(120, 40)) as play:
        await play.open()
        await answered(play, "go")
        assert len(re.findall("red", play.text)) >= 5


async def test_a_call_with_hostile_name_and_arguments_is_shown_and_not_obeyed(stage, server):
    server.play(Reply(calls=(Call(f"no{EVIL}", {f"k{EVIL}": EVIL}),)), Reply(text="So not."))
    async with stage.playing(size=(120, 40)) as play:
        await play.open()
        await answered(play, "go")
        await play.until(lambda: "So not." in play.text)


@pytest.mark.parametrize(
    "call",
    [
        Call(
            "run_shell_command",
            {"command": f"printf %s {shlex.quote(EVIL.replace(chr(0), ''))}", "description": EVIL},
        ),
        Call(
            "write_file", {"file_path": f"n{EVIL.replace(chr(0), '').replace('/', '')}.txt", "content": EVIL}
        ),
        Call("read_file", {"absolute_path": f"/nowhere/{EVIL}"}),
        Call("todo_write", {"todos": [{"id": "1", "content": EVIL, "status": "in_progress"}]}),
        Call("ask_user", {"question": EVIL, "options": [EVIL, "b"]}),
    ],
    ids=lambda call: call.name,
)
async def test_what_a_tool_asks_and_brings_is_shown_and_not_obeyed(stage, server, call):
    server.play(Reply(calls=(call,)), Reply(text="Done."))
    async with stage.playing(size=(120, 40)) as play:
        await play.open()
        await play.enter("go")
        while "Done." not in play.text:
            await play.until(lambda: "Done." in play.text or "waits for you" in play.status)
            assert_quiet(play)
            stage.hand.now += 1
            await play.pilot.press("1")
            await play.pilot.pause()
        assert "red" in play.text
        await play.pilot.press("ctrl+o")
        await play.pilot.pause()
        assert_quiet(play)


async def test_a_models_name_is_shown_and_not_obeyed(stage, monkeypatch):
    with OllamaServer(models=(Model(f"evil\x1b]52;c;aGk=\x07\u202e{'x' * 300}:latest"),)) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.url)
        async with stage.playing(size=(80, 24)) as play:
            await play.open()
            assert_quiet(play)
            await play.enter("/model")
            await play.until(lambda: len(play.app.screen_stack) > 1)
            await play.pilot.pause()
            assert_quiet(play)


async def test_ten_thousand_lines_of_a_tool_fold_and_open(stage, server):
    server.play(Reply(calls=(Call("run_shell_command", {"command": "seq 10000"}),)), Reply(text="Done."))
    async with stage.playing(Options(mode="yolo")) as play:
        await play.open()
        await play.say("count")
        assert "Done." in play.text and "more lines (Ctrl+O)" in play.text
        await play.pilot.press("ctrl+o")
        await play.until(lambda: "10000" in play.text)


@pytest.mark.parametrize("char", ["x", "日", "👩\u200d🚀", "ש"])
async def test_one_line_of_a_megabyte_is_shown_to_its_end(stage, server, char):
    count = 1_000_000 // len(char.encode())
    command = f"python3 -c \"print('{char}' * {count})\""
    server.play(
        Reply(calls=(Call("run_shell_command", {"command": command}),)),
        Reply(pieces=(f"{char * count} the end",)),
    )
    async with stage.playing(Options(mode="yolo")) as play:
        await play.open()
        await play.enter("talk")
        await play.until(lambda: "the end" in play.text and not play.busy)
        assert_quiet(play)


async def test_a_reader_further_up_is_not_moved_by_a_whole_turn(stage, server):
    gate = server.gate()
    words = "\n\n".join(f"row {n}" for n in range(60))
    calls = (Call("run_shell_command", {"command": "seq 300"}),)
    server.play(
        Reply(text=words, calls=calls, pace=Pace(hold=gate, hold_after=200)), Reply(thinking="hm", text=words)
    )
    async with stage.playing(Options(mode="yolo")) as play:
        await play.open()
        await play.enter("talk")
        await play.until(lambda: "row 40" in play.text)
        await play.pilot.press("pageup")
        await play.pilot.pause()
        before = [row[:-2].rstrip() for row in play.text.splitlines()[:-1]]
        gate.open()
        await play.until(lambda: not play.busy)
        assert "new lines below" in play.text
        assert [row[:-2].rstrip() for row in play.text.splitlines()[:-1]] == before


async def test_text_is_selected_with_the_mouse_and_copied_with_ctrl_c_while_an_answer_streams(stage, server):
    gate = server.gate()
    server.play(Reply(text="take these words\n\n" + "more " * 40, pace=Pace(hold=gate, hold_after=30)))
    async with stage.playing() as play:
        await play.open()
        await play.enter("talk")
        await play.until(lambda: "take these words" in play.text)
        transcript = play.room.transcript
        y = next(n for n, row in enumerate(play.text.splitlines()) if "take these" in row)
        await play.pilot.mouse_down(transcript, offset=(6, y))
        await play.pilot.hover(transcript, offset=(16, y))
        await play.pilot.mouse_up(transcript, offset=(16, y))
        gate.open()
        await play.until(lambda: not play.busy)
        await play.pilot.press("ctrl+c")
        assert play.app.clipboard == "these words"
        assert play.app.is_running
