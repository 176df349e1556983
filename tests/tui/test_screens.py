"""How the whole screen looks in the states people see most, dark and light. Look at a changed one as a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ollama_code.agent.overview import Overview, Part
from ollama_code.agent.stats import Stats
from ollama_code.bootstrap.options import Options
from ollama_code.commands.engine import context_text, stats_text
from ollama_code.core.errors import ServerUnreachable
from ollama_code.core.events import (
    ModelLoaded,
    PermissionAsked,
    PhaseChanged,
    Retried,
    TextDelta,
    ToolStarted,
    TurnFinished,
    TurnStarted,
    UsageReported,
)
from ollama_code.core.messages import ToolCall
from ollama_code.core.phase import Phase
from ollama_code.core.profile import ModelProfile
from ollama_code.core.usage import Usage
from ollama_code.providers.prefix import Break
from tests.ollama_server import Call, Model, OllamaServer, Pace, Pull, Reply
from tests.tui.panels.requests import command, request
from tests.tui.stage import Play, Stage

MODEL = Model("qwen3-coder:30b", capabilities=("completion", "tools"))
ANSWER = """\
The window of a session is chosen once, in `choose_window`, and never changes while it lasts:

1. what you pinned with `--num-ctx`
2. what the **Modelfile** wishes
3. else the largest step that fits

```python
def choose_window(pinned: int | None, info: ModelInfo) -> int:
    wish = pinned or info.num_ctx
    return min(wish or UNPROBED_LIMIT, info.context_length)
```

Another window would make the server load the model anew"""
DIAL = """\
NUMERALS = ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))


def to_roman(number: int) -> str:
    written = ""
    for value, letters in NUMERALS:
        while number > value:
            written += letters
            number -= value
    return written
"""
EDIT = Call(
    "edit",
    {"file_path": "roman.py", "old_string": "number > value", "new_string": "number >= value"},
)
PLAN = Call(
    "todo_write",
    {
        "todos": [
            {"id": "1", "content": "See what the tests say", "status": "completed"},
            {"id": "2", "content": "Find the cause and repair it", "status": "in_progress"},
            {"id": "3", "content": "Show that the tests pass", "status": "pending"},
        ]
    },
)
READ = Call("read_file", {"absolute_path": "roman.py"})
WRITE = Call("write_file", {"file_path": "roman_test.py", "content": DIAL * 3})
SLOW = Call("run_shell_command", {"command": "for i in 1 2 3; do echo test_$i ... ok; done; sleep 60"})

LOOKS = pytest.mark.parametrize(
    ("theme", "size"),
    [(theme, size) for theme in ("ollama-dark", "ollama-light") for size in ((80, 24), (120, 40))],
    ids=lambda value: value.removeprefix("ollama-") if isinstance(value, str) else f"{value[0]}x{value[1]}",
)
NARROW = pytest.mark.parametrize(("theme", "size"), [("ollama-dark", (60, 20))], ids=["narrow"])


@pytest.fixture
def server(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    """Its port changes, so no picture may hold it."""
    with OllamaServer(models=(MODEL,)) as running:
        monkeypatch.setenv("OLLAMA_HOST", running.url)
        (stage.project / "roman.py").write_text(DIAL)
        yield running


def pin_status(play: Play) -> None:
    """Which sandbox there is depends on the machine, and the length of the head on the texts of the tools; a picture
    must not."""
    pulse = play.room._pulse
    pinned = replace(pulse.status, sandbox=pulse.status.sandbox and "bwrap")
    pulse.change(replace(pinned, used_tokens=3_180) if pinned.num_ctx else pinned)
    play.room.status.show(pulse.status)


@pytest.fixture
def pictured(snap_compare, stage: Stage) -> Callable[..., bool]:
    def compare(act, theme: str, size: tuple[int, int], options: Options | None = None) -> bool:
        app = stage.app(options, theme)

        async def before(pilot) -> None:
            play = Play(app, pilot, stage.hand)
            await play.until(lambda: app.room)
            await act(play)
            await play.until(lambda: play.room.transcript.is_settled)
            pin_status(play)
            await pilot.pause()

        return snap_compare(app, terminal_size=size, run_before=before)

    return compare


@LOOKS
def test_a_fresh_session(pictured, server, theme: str, size: tuple[int, int]):
    async def act(play: Play) -> None:
        await play.open()

    assert pictured(act, theme, size)


@LOOKS
def test_no_server(pictured, theme: str, size: tuple[int, int]):
    async def act(play: Play) -> None:
        await play.until(lambda: "No Ollama" in play.screen)
        error = ServerUnreachable("Nobody answers at http://127.0.0.1:11434.", hint="Start Ollama.")
        play.room._welcome.show_missing("server", "127.0.0.1:11434", error.sentence)

    assert pictured(act, theme, size)


@LOOKS
def test_an_answer_that_is_being_written(pictured, server, theme: str, size: tuple[int, int]):
    gate = server.gate()
    thinking = "The person asks about the window. I should say where it is chosen and why it stays."
    server.add_model("qwen3:30b", capabilities=("completion", "tools", "thinking"))
    server.play(Reply(thinking=thinking, text=ANSWER + " and again.", pace=Pace(hold=gate, hold_after=190)))

    async def act(play: Play) -> None:
        await play.open()
        await play.enter("How is the context window chosen?")
        await play.until(lambda: "load the model" in play.text)
        play.hand.now += 12
        play.room.status.refresh()

    assert pictured(act, theme, size, Options(model="qwen3:30b"))
    gate.open()


@LOOKS
def test_a_tool_that_runs(pictured, server, theme: str, size: tuple[int, int]):
    server.play(Reply(text="I look at the code first.", calls=(READ, PLAN)), Reply(calls=(SLOW,)))

    async def act(play: Play) -> None:
        await play.open()
        await play.enter("Why does the dial show III instead of IV?")
        await play.until(lambda: "test_3 ... ok" in play.text)
        play.hand.now += 7
        play.room.status.refresh()

    assert pictured(act, theme, size, Options(mode="yolo"))


@LOOKS
def test_a_call_that_is_being_written(pictured, server, theme: str, size: tuple[int, int]):
    gate = server.gate()
    server.play(Reply(text="I write the file anew.", calls=(WRITE,), pace=Pace(hold=gate, hold_after=230)))

    async def act(play: Play) -> None:
        await play.open()
        await play.enter("Why does the dial show III instead of IV?")
        await gate.until_reached()
        await play.until(lambda: "lines above" in play.text and play.room._pulse.status.phase.tokens == 223)
        play.hand.now += 9
        play.room.status.refresh()

    assert pictured(act, theme, size)
    gate.open()


@LOOKS
def test_a_model_that_loads_for_the_first_time(pictured, server, theme: str, size: tuple[int, int]):
    gate = server.gate()
    server.add_model("qwen3:30b", load_hold=gate)

    async def act(play: Play) -> None:
        await play.until(lambda: "loading" in play.status)
        await play.pilot.press(*"Meanwhile I write")
        play.hand.now += 12
        play.room.status.refresh()

    assert pictured(act, theme, size, Options(model="qwen3:30b"))
    gate.open()


@LOOKS
def test_a_prompt_that_is_read(pictured, server, theme: str, size: tuple[int, int]):
    """The numbers are made up: real ones follow the length of the system text."""

    async def act(play: Play) -> None:
        await play.open()
        await play.until(lambda: server.warmups and play.room._pulse.status.phase is None)
        phase = Phase(name="reading", tokens=31_744, cached_tokens=2_048, expected_s=62)
        for event in (
            TurnStarted(text="Explain the window to me"),
            ModelLoaded(model="m", num_ctx=32768, size_bytes=100, size_vram_bytes=62),
            PhaseChanged(phase=phase),
        ):
            play.room.show(event)
        play.hand.now += 22
        play.room.status.refresh()

    assert pictured(act, theme, size)


@LOOKS
def test_what_fills_the_window(pictured, server, theme: str, size: tuple[int, int]):
    """The numbers are made up here and below: real ones follow the length of the system text."""
    filled = {
        "system text": 317,
        "tools": 2174,
        "you": 1204,
        "answers": 3102,
        "thinking": 2210,
        "results": 12_400,
    }
    view = Overview(
        used=21_407,
        num_ctx=32_768,
        cached=20_100,
        parts=tuple(Part(name, tokens) for name, tokens in filled.items()),
        breaks=(Break("compaction", 71_000, planned=True), Break("thinking", 4_100)),
    )

    async def act(play: Play) -> None:
        await play.open()
        play.room.say(context_text(view))

    assert pictured(act, theme, size)


@LOOKS
def test_what_it_cost(pictured, server, theme: str, size: tuple[int, int]):
    stats = Stats()
    for tokens in (9_870, 12_410):
        usage = Usage(
            prompt_tokens=tokens,
            cached_tokens=tokens - 640,
            generated_tokens=312,
            load_s=4.2,
            prompt_s=0.9,
            generate_s=7.6,
        )
        stats(UsageReported(usage=usage, num_ctx=32768))
    profile = ModelProfile(
        read_tok_s=812, write_tok_s=41, load_s=6, sessions=14, steps=312, generated_tokens=84_020
    )

    async def act(play: Play) -> None:
        await play.open()
        play.room.say(stats_text("qwen3-coder:30b", stats, profile))

    assert pictured(act, theme, size)


@LOOKS
def test_a_diff_to_approve(pictured, server, theme: str, size: tuple[int, int]):
    server.play(
        Reply(text="I read the module.", calls=(READ, PLAN)),
        Reply(text="The loop stops one step early: it must be `>=`.", calls=(EDIT,)),
    )

    async def act(play: Play) -> None:
        await play.open()
        await play.enter("Why does the dial show III instead of IV?")
        await play.asked("Edit roman.py")

    assert pictured(act, theme, size)


@LOOKS
def test_a_command_to_approve(pictured, server, theme: str, size: tuple[int, int]):
    """What is asked is made up: a real one names the folder of this test."""
    block = command("python3 -m unittest 2>&1 | tail -5 && git diff --stat")
    asked = request(block, scopes=("run_shell_command(python3 -m unittest)", "run_shell_command(git diff)"))

    async def act(play: Play) -> None:
        await play.open()
        call = ToolCall(id=asked.call_id, name="run_shell_command", arguments={})
        for event in (
            TurnStarted(text="Do the tests pass?"),
            TextDelta(text="I run the tests."),
            ToolStarted(call=call, title="Run python3 -m unittest 2>&1 | tail -5 && git diff --stat"),
            PermissionAsked(request=asked),
        ):
            play.room.show(event)
        play.app.run_worker(play.room._questions.asker.approve(asked))
        await play.asked("Yes, once")

    assert pictured(act, theme, size)


@LOOKS
def test_a_turn_that_failed(pictured, server, theme: str, size: tuple[int, int]):
    """What went wrong is made up: a real error names the port of this test."""
    trouble = "Ollama at 127.0.0.1:11434 ended the answer in the middle (connection reset)."

    async def act(play: Play) -> None:
        await play.open()
        for event in (
            TurnStarted(text="Explain the window to me"),
            TextDelta(text="The window of a session is chosen"),
            Retried(reason=trouble, attempt=1),
            TextDelta(text="The window of a session is chosen once"),
            TurnFinished(reason="failed", detail=f"{trouble} Look at its log, then ask again."),
        ):
            play.room.show(event)

    assert pictured(act, theme, size)


@LOOKS
def test_a_choice_of_models(pictured, server, theme: str, size: tuple[int, int]):
    server.add_model("qwen3:4b", capabilities=("completion", "tools", "thinking"), size=2_600_000_000)
    server.add_model("llava:7b", capabilities=("completion", "vision"), size=4_700_000_000)

    async def act(play: Play) -> None:
        await play.open()
        await play.say("/model")
        await play.pilot.pause()

    assert pictured(act, theme, size, Options(model="qwen3-coder:30b"))


@LOOKS
def test_a_pull(pictured, server, theme: str, size: tuple[int, int]):
    gate = server.gate()
    layers = tuple(
        {"status": "pulling 8daa9615cce3", "digest": "sha256:a", "total": 2_600_000_000, "completed": done}
        for done in (0, 1_100_000_000)
    )
    server.set_pull("qwen3:4b", Pull(layers, None, Model("qwen3:4b"), gate))

    async def act(play: Play) -> None:
        await play.open()
        await play.enter("/pull qwen3:4b")
        # The panel draws ten times a second at most, and the clock here stands still.
        await play.until(lambda: play.room._pulls.refresh() and "42%" in play.screen)

    assert pictured(act, theme, size)
    gate.open()


def test_the_picture_in_the_readme_is_one_of_these():
    root = Path(__file__).parents[2]
    taken = root / "tests/tui/__snapshots__/test_screens/test_a_diff_to_approve[dark-120x40].svg"
    assert (root / "docs/screenshot.svg").read_bytes() == taken.read_bytes(), "run make screenshot"


@NARROW
def test_narrow(pictured, server, theme: str, size: tuple[int, int]):
    server.play(
        Reply(text="I read the module.", calls=(READ, PLAN)),
        Reply(text="The loop stops one step early: it must be `>=`.", calls=(EDIT,)),
    )

    async def act(play: Play) -> None:
        await play.open()
        await play.enter("Why does the dial show III instead of IV?")
        await play.asked("Edit roman.py")

    assert pictured(act, theme, size)
