"""A bare app to try one widget in: the product's colours, a transcript and a prompt to stand around it."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.events import Paste
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from ollama_code.frontends.tui.palette import palettes
from ollama_code.frontends.tui.panels.settle import Typed
from ollama_code.frontends.tui.themes import textual_theme


class Hand:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Host(App[None]):
    """Keeps every message the widget posts in `heard`, and gives the prompt what was typed for it."""

    CSS = """
    #transcript { width: 1fr; height: 1fr; background: $background; color: $foreground; padding: 1 2; }
    #prompt { height: 1; border: none; background: $surface; padding: 0 1; }
    #main { background: $background; }
    """
    AUTO_FOCUS = "#prompt"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, *widgets: Widget, theme: str = "ollama-dark") -> None:
        super().__init__()
        self._widgets = widgets
        self.heard: list[Message] = []
        for palette in palettes().values():
            self.register_theme(textual_theme(palette))
        self.theme = theme

    def compose(self) -> ComposeResult:
        with Vertical(id="main"):
            yield Static("what led to it", id="transcript", markup=False)
            yield from self._widgets
            yield Input(id="prompt", compact=True)

    @property
    def prompt(self) -> Input:
        return self.query_one("#prompt", Input)

    def on_typed(self, message: Typed) -> None:
        self.heard.append(message)
        event = (
            message.event
        )  # not posted to the prompt: what it has no use for would come up to the panel again
        text = event.text if isinstance(event, Paste) else event.character if event.is_printable else None
        self.prompt.insert_text_at_cursor(text or "")

    def on_confirm_panel_answered(self, message: Message) -> None:
        self.heard.append(message)

    def on_question_panel_replied(self, message: Message) -> None:
        self.heard.append(message)

    def on_trust_panel_answered(self, message: Message) -> None:
        self.heard.append(message)

    def on_pull_panel_cancelled(self, message: Message) -> None:
        self.heard.append(message)


def screen_text(app: App[object], widget: Widget | None = None) -> str:
    """What is on the screen, or in the widget's part of it, as lines of text."""
    region = widget.region if widget is not None else app.screen.region
    strips = app.screen._compositor.render_strips()
    lines = (strip.crop(region.x, region.right).text for strip in strips[region.y : region.bottom])
    return "\n".join(line.rstrip() for line in lines)
