"""How every panel looks, dark and light, small and large. Look at a changed one as a picture."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from ollama_code.core.permission import Mode, Question
from ollama_code.core.phase import Phase
from ollama_code.core.trust import TrustOffer
from ollama_code.frontends.tui.panels.confirm import ConfirmPanel
from ollama_code.frontends.tui.panels.question import QuestionPanel
from ollama_code.frontends.tui.panels.status import Status, StatusBar
from ollama_code.frontends.tui.panels.todos import TodoPanel
from ollama_code.frontends.tui.panels.trust import TrustPanel
from ollama_code.frontends.tui.panels.welcome import Welcome
from tests.tui.panels.host import Hand, Host
from tests.tui.panels.offers import COMMAND, offer
from tests.tui.panels.requests import command, diff, request, todos

LOOKS = pytest.mark.parametrize(
    ("theme", "size"),
    [(theme, size) for theme in ("ollama-dark", "ollama-light") for size in ((80, 24), (120, 40))],
    ids=lambda value: value.removeprefix("ollama-") if isinstance(value, str) else f"{value[0]}x{value[1]}",
)
PIPELINE = "find . -name '*.py' -print0 | xargs -0 grep -l TODO | head -20 && make test 2>&1 | tee out.log\necho done"
LINKED = ".ollama-code/settings.json is a symbolic link: it is not read."
STATUS = Status(
    model="qwen3-coder:30b",
    used_tokens=12_700,
    num_ctx=32_768,
    speed_tok_s=41.3,
    branch="main",
    hint="F1 help",
)


def confirm_diff(panel: ConfirmPanel) -> None:
    panel.ask(request(diff()))


def confirm_long_diff(panel: ConfirmPanel) -> None:
    panel.ask(request(diff(300), reach="unseen"))


def confirm_long_command(panel: ConfirmPanel) -> None:
    steps = "\n".join(f"cp -r src/part_{number:03} /srv/site/part_{number:03}" for number in range(120))
    panel.ask(request(command(f"set -e\n{steps}\nrm -rf /srv/old && systemctl restart site")))


def confirm_command(panel: ConfirmPanel) -> None:
    block = command(PIPELINE, background=True)
    panel.ask(
        request(block, reach="outside", scopes=("run_shell_command(make test)",), keepable=False),
        agent="reviewer",
    )


@LOOKS
@pytest.mark.parametrize(
    "ask",
    [confirm_diff, confirm_long_diff, confirm_command, confirm_long_command],
    ids=lambda ask: ask.__name__,
)
def test_confirmation(snap_compare, ask: Callable[[ConfirmPanel], None], theme: str, size: tuple[int, int]):
    async def before(pilot: Pilot[None]) -> None:
        ask(pilot.app.query_one(ConfirmPanel))

    assert snap_compare(Host(ConfirmPanel(clock=Hand()), theme=theme), terminal_size=size, run_before=before)


def test_a_long_command_on_a_small_terminal(snap_compare):
    async def before(pilot: Pilot[None]) -> None:
        confirm_long_command(pilot.app.query_one(ConfirmPanel))

    assert snap_compare(Host(ConfirmPanel(clock=Hand())), terminal_size=(40, 12), run_before=before)


@LOOKS
def test_confirmation_with_a_reason(snap_compare, theme: str, size: tuple[int, int]):
    hand = Hand()

    async def before(pilot: Pilot[None]) -> None:
        confirm_diff(pilot.app.query_one(ConfirmPanel))
        hand.now += 1
        await pilot.press("5", *"keep the old encoding")

    app = Host(ConfirmPanel(clock=hand), theme=theme)
    assert snap_compare(app, terminal_size=size, run_before=before)


@LOOKS
@pytest.mark.parametrize(
    "question",
    [
        Question(
            text="Which database should the tests use?", options=("SQLite in memory", "A container", "None")
        ),
        Question(text="What should the new command be called?"),
    ],
    ids=["options", "free"],
)
def test_question(snap_compare, question: Question, theme: str, size: tuple[int, int]):
    async def before(pilot: Pilot[None]) -> None:
        pilot.app.query_one(QuestionPanel).ask(question)

    assert snap_compare(Host(QuestionPanel(clock=Hand()), theme=theme), terminal_size=size, run_before=before)


@LOOKS
@pytest.mark.parametrize(
    "asked",
    [offer(), offer(changed=(COMMAND.id,)), offer(lasting=False, troubles=(LINKED,))],
    ids=["first", "changed", "shared"],
)
def test_trust(snap_compare, asked: TrustOffer, theme: str, size: tuple[int, int]):
    async def before(pilot: Pilot[None]) -> None:
        pilot.app.query_one(TrustPanel).ask(asked)

    assert snap_compare(Host(TrustPanel(clock=Hand()), theme=theme), terminal_size=size, run_before=before)


@LOOKS
def test_todos(snap_compare, theme: str, size: tuple[int, int]):
    async def before(pilot: Pilot[None]) -> None:
        pilot.app.query_one("#prompt").display = size[0] < 100
        pilot.app.query_one("#main").styles.layout = "horizontal" if size[0] >= 100 else "vertical"
        panel = pilot.app.query_one(TodoPanel)
        panel.set_class(size[0] < 100, "-folded")
        panel.show(todos())

    assert snap_compare(Host(TodoPanel(), theme=theme), terminal_size=size, run_before=before)


@LOOKS
def test_status(snap_compare, theme: str, size: tuple[int, int]):
    states = [
        Status(),
        STATUS,
        Status(
            **{**vars(STATUS), "mode": Mode.PLAN, "phase": Phase(name="reading", detail="about 3,100 tokens")}
        ),
        Status(
            **{**vars(STATUS), "mode": Mode.AUTO_EDIT, "phase": Phase(name="writing"), "used_tokens": 27_000}
        ),
        Status(**{**vars(STATUS), "mode": Mode.YOLO, "phase": Phase(name="running", detail="Run pytest -q")}),
        Status(**{**vars(STATUS), "phase": Phase(name="loading", detail="qwen3:4b"), "used_tokens": 32_000}),
    ]
    hand = Hand()
    bars = [StatusBar(clock=hand) for _ in states]

    async def before(pilot: Pilot[None]) -> None:
        for bar, state in zip(bars, states, strict=True):
            bar.show(Status(**{**vars(state), "phase_since": hand.now - 12}))

    assert snap_compare(Host(*bars, theme=theme), terminal_size=size, run_before=before)


@LOOKS
@pytest.mark.parametrize("missing", ["server", "model", "choice"])
def test_welcome(snap_compare, missing: str, theme: str, size: tuple[int, int]):
    async def before(pilot: Pilot[None]) -> None:
        pilot.app.query_one("#transcript").display = False
        pilot.app.query_one(Welcome).show_missing(missing, "http://127.0.0.1:11434")

    assert snap_compare(Host(Welcome(), theme=theme), terminal_size=size, run_before=before)
