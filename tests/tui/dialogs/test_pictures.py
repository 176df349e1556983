"""How the dialogs look, dark and light, small and large. Look at a changed one as a picture."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from ollama_code.frontends.tui.dialogs.picker import ModelPicker, ModelRow
from ollama_code.frontends.tui.dialogs.pull import PullPanel
from ollama_code.ports import PullProgress
from tests.tui.panels.host import Hand, Host

LOOKS = pytest.mark.parametrize(
    ("theme", "size"),
    [(theme, size) for theme in ("ollama-dark", "ollama-light") for size in ((80, 24), (120, 40))],
    ids=lambda value: value.removeprefix("ollama-") if isinstance(value, str) else f"{value[0]}x{value[1]}",
)
FEW = (
    ModelRow("qwen3-coder:30b", 18_556_700_000, "30.5B", ("completion", "tools"), current=True),
    ModelRow("qwen3:4b", 2_497_000_000, "4.0B", ("completion", "tools", "thinking")),
    ModelRow("gemma3:12b", 8_149_000_000, "12.2B", ("completion", "vision"), warning="no tools"),
    ModelRow("gpt-oss:120b-cloud", 384, "116.8B", ("completion", "tools", "thinking"), remote=True),
)
MANY = tuple(ModelRow(f"model-{number:02}:7b", 4_900_000_000, "7B", ("tools",)) for number in range(40))


@LOOKS
@pytest.mark.parametrize("models", [(), FEW, MANY], ids=["none", "few", "many"])
def test_picker(snap_compare, models: tuple[ModelRow, ...], theme: str, size: tuple[int, int]):
    async def before(pilot: Pilot[None]) -> None:
        await pilot.app.push_screen(ModelPicker(models))
        await pilot.pause()

    assert snap_compare(Host(theme=theme), terminal_size=size, run_before=before)


@LOOKS
def test_picker_asks_for_a_name(snap_compare, theme: str, size: tuple[int, int]):
    async def before(pilot: Pilot[None]) -> None:
        await pilot.app.push_screen(ModelPicker(FEW))
        await pilot.press("up", "enter")

    assert snap_compare(Host(theme=theme), terminal_size=size, run_before=before)


@LOOKS
def test_pull(snap_compare, theme: str, size: tuple[int, int]):
    hand = Hand()

    async def before(pilot: Pilot[None]) -> None:
        panel = pilot.app.query_one(PullPanel)
        panel.begin("qwen3-coder:30b")
        for _ in range(3):
            hand.now += 1
            done = int((hand.now - 100) * 1_200_000_000)
            panel.show(PullProgress("pulling 1194192cf2a1", done, 18_556_700_000))

    assert snap_compare(Host(PullPanel(clock=hand), theme=theme), terminal_size=size, run_before=before)


@LOOKS
def test_failed_pull(snap_compare, theme: str, size: tuple[int, int]):
    async def before(pilot: Pilot[None]) -> None:
        panel = pilot.app.query_one(PullPanel)
        panel.begin("qwen9:1b")
        panel.fail("Ollama has no model named qwen9:1b. See ollama.com/library for the names there are.")

    assert snap_compare(Host(PullPanel(clock=Hand()), theme=theme), terminal_size=size, run_before=before)
