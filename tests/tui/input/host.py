"""A tiny app around the prompt: a transcript's worth of text above it, a status line below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from textual.app import App, ComposeResult
from textual.theme import Theme
from textual.widgets import Static, TextArea

from ollama_code.frontends.tui.input.choices import (
    Choice,
    CommandChoices,
    CompletionSource,
    FileChoices,
    Sources,
)
from ollama_code.frontends.tui.input.completion import CompletionList
from ollama_code.frontends.tui.input.prompt import PromptInput
from ollama_code.frontends.tui.input.queue import QueueView
from ollama_code.frontends.tui.palette import palettes
from ollama_code.workspace.fuzzy import Paths, best

COMMANDS = (
    Choice("help", "this list"),
    Choice("model", "the model of this session and its context window"),
    Choice("mode", "how much runs without asking"),
    Choice("clear", "start a fresh session; this one stays on disk"),
    Choice("compact", "make room in the context window"),
    Choice("copy", "the last answer to the clipboard"),
    Choice("todos", "the plan of the task in hand"),
    Choice("tools", "what the model can call"),
    Choice("jobs", "background commands"),
    Choice("quit", "leave"),
)
FILES = (
    "README.md",
    "ollama_code/frontends/tui/input/prompt.py",
    "ollama_code/frontends/tui/input/pastes.py",
    "ollama_code/prompts/system.md",
    "docs/a file with spaces.md",
    "docs/日本語.md",
)


async def search(letters: str, limit: int) -> Sequence[str]:
    return best(letters, Paths.of(FILES), limit)


SOURCES = Sources(commands=CommandChoices(lambda: COMMANDS), files=FileChoices(search))


class Host(App[None]):
    CSS = """
    Screen { background: $background; color: $foreground; }
    #above { height: 1fr; padding: 0 1; color: $dim; }
    #status { height: 1; padding: 0 1; background: $surface; color: $dim; }
    """
    AUTO_FOCUS = "Editor"

    def __init__(
        self,
        history: Sequence[str] = (),
        *,
        files: CompletionSource | None = None,
        theme: str = "ollama-dark",
    ) -> None:
        super().__init__()
        for palette in palettes().values():
            colors = asdict(palette.colors)
            self.register_theme(
                Theme(
                    palette.name,
                    primary=colors["accent"],
                    dark=palette.dark,
                    foreground=colors["text"],
                    background=colors["background"],
                    surface=colors["surface"],
                    panel=colors["panel"],
                    variables=colors,
                )
            )
        self.theme = theme
        sources = Sources(SOURCES.commands, files) if files else SOURCES
        self.prompt = PromptInput(history, sources=sources, id="prompt")
        self.sent: list[str] = []
        self.drafts: list[str] = []
        self.taken_back = 0
        self.blanks = 0
        self.left: list[str] = []

    def compose(self) -> ComposeResult:
        yield Static("\n".join(f"line {n} of what was said" for n in range(1, 60)), id="above")
        yield self.prompt
        yield Static("qwen3:8b - default - ctx 12.4k/32k", id="status")

    @property
    def editor(self) -> TextArea:
        return self.query_one(TextArea)

    @property
    def list(self) -> CompletionList:
        return self.query_one(CompletionList)

    @property
    def rows(self) -> list[str]:
        """The list of choices as it reads on the screen."""
        return [row.rstrip() for row in self.list.render().plain.split("\n")] if self.list.shown else []

    def on_prompt_input_submitted(self, message: PromptInput.Submitted) -> None:
        self.sent.append(message.text)

    def on_prompt_input_blank(self) -> None:
        self.blanks += 1

    def on_prompt_input_changed(self, message: PromptInput.Changed) -> None:
        self.drafts.append(message.text)

    def on_queue_view_take_back(self, message: QueueView.TakeBack) -> None:
        self.taken_back += 1

    def on_key(self, event) -> None:
        """Keys that nobody below wanted."""
        self.left.append(event.key)
