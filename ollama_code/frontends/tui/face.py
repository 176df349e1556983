"""What the bridge tells the screen, whoever draws it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ollama_code.core.errors import OllamaCodeError
from ollama_code.core.events import Event
from ollama_code.core.phase import Phase
from ollama_code.frontends.tui.transcript.blocks import Tone
from ollama_code.ports import ModelSummary, PullProgress

if TYPE_CHECKING:
    from ollama_code.bootstrap.assembly import Opened


class Face(Protocol):
    def opened(self, opened: Opened) -> None: ...

    def opening(self, phase: Phase | None) -> None:
        """What is waited for while a session is being opened, `None` when that is over."""

    def missing(self, error: OllamaCodeError, models: tuple[ModelSummary, ...] = ()) -> None:
        """There is no session: no server, no model, or a choice to make among `models`."""

    def show(self, event: Event) -> None:
        """Everything the open session tells, in a turn, after it was stopped and between turns."""

    def say(self, text: str, tone: Tone = "info") -> None: ...

    def help(self, commands: str) -> None:
        """The commands, a row for each: the screen adds its keys."""

    def queued(self, waiting: tuple[str, ...], held: tuple[str, ...], steering: tuple[str, ...]) -> None:
        """Lines that are sent when what runs has ended, older ones that wait for the person to let them go, and
        words that the model hears before the next step of the running turn."""

    def choose_model(self, models: tuple[ModelSummary, ...], current: str) -> None: ...

    def pulling(self, model: str, progress: PullProgress) -> None: ...

    def pulled(self, model: str, trouble: str) -> None:
        """The download has ended, was stopped, or failed: `trouble` is the sentence that says why."""

    def cleared(self) -> None:
        """A fresh session is about to be opened: the old conversation goes from the screen."""

    def copy(self, text: str) -> None: ...

    def leave(self) -> None: ...
