"""A tiny app around the transcript, and words to fill it with."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.pilot import Pilot

from ollama_code.core.events import Event, TextDelta, ToolFinished, ToolStarted
from ollama_code.core.messages import ToolCall
from ollama_code.core.results import ToolResult
from ollama_code.frontends.tui.palette import palettes
from ollama_code.frontends.tui.transcript.ink import Ink
from ollama_code.frontends.tui.transcript.pages import Pages
from ollama_code.frontends.tui.transcript.widget import Transcript

INK = Ink(palettes()["ollama-dark"])


class Host(App[None]):
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, theme: str = "ollama-dark", events: tuple[Event, ...] = ()) -> None:
        super().__init__()
        self.palette = palettes()[theme]
        self.script = events
        self.clicked: list[str] = []

    def compose(self) -> ComposeResult:
        yield Transcript(self.palette)

    def on_mount(self) -> None:
        self.screen.styles.background = self.palette.colors.background
        for event in self.script:
            self.transcript.show(event)

    def on_transcript_link_clicked(self, message: Transcript.LinkClicked) -> None:
        self.clicked.append(message.path)

    @property
    def transcript(self) -> Transcript:
        return self.query_one(Transcript)


def rows(app: Host) -> list[str]:
    """What the screen shows, row by row, without space at the right."""
    size = app.transcript.size
    return [strip.text.rstrip() for strip in app.transcript.render_lines(size.region)]


async def drawn(pilot: Pilot[None]) -> list[str]:
    """The rows once everything that was shown is drawn."""
    transcript = pilot.app.query_one(Transcript)
    for _ in range(1500):
        await pilot.pause(0.02)
        if transcript.is_settled:
            break
    assert isinstance(pilot.app, Host)
    return rows(pilot.app)


def take_in(pages: Pages, index: int = 0) -> None:
    """All slices of a block that is behind, as the widget does between two keys."""
    while pages.pages[index].block.behind:
        pages.update(index)


def lines_of_text(count: int, word: str = "row") -> str:
    return "\n\n".join(f"{word} {number}" for number in range(count))


def said(text: str) -> tuple[Event, ...]:
    return (TextDelta(text=text),)


def called(result: ToolResult, title: str = "Run make", agent: str = "main") -> tuple[Event, ...]:
    call = ToolCall(id=title, name="run_shell_command", arguments={})
    return (
        ToolStarted(call=call, title=title, agent=agent),
        ToolFinished(call_id=title, result=result, agent=agent),
    )
