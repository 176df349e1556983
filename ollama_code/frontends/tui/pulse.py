"""What the status bar says, folded from the events of a session."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from ollama_code.core.events import (
    CallDrafted,
    Compacted,
    Event,
    ModeChanged,
    ModelLoaded,
    PermissionAnswered,
    PermissionAsked,
    PhaseChanged,
    QuestionAnswered,
    QuestionAsked,
    ReadAhead,
    TurnFinished,
    UsageReported,
)
from ollama_code.core.phase import Phase
from ollama_code.frontends.tui.panels.status import Status

YOUR_TURN = "waits for you"


class Pulse:
    """`status` is always current; who shows it asks after every event."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.status = Status()
        self._clock = clock
        self._note = ""
        self._waits = False

    def hear(self, event: Event) -> None:
        if event.agent != "main":
            return
        match event:
            case PhaseChanged(phase=phase):
                self._phase(phase)
            case CallDrafted(name=name, tokens=tokens) if name:  # the transcript shows the same count
                self._phase(Phase(name="calling", detail=name, tokens=tokens))
            case ModeChanged(mode=mode):
                self.status = replace(self.status, mode=mode)
            case UsageReported(usage=usage, num_ctx=num_ctx):
                speed = usage.generated_tokens / usage.generate_s if usage.generate_s else None
                used = usage.prompt_tokens + usage.generated_tokens
                self.status = replace(self.status, used_tokens=used, num_ctx=num_ctx, speed_tok_s=speed)
            case ModelLoaded(size_bytes=size, size_vram_bytes=on_gpu):
                self.status = replace(self.status, gpu_share=on_gpu / size if size else 1.0)
            case PermissionAsked() | QuestionAsked():
                self._phase(None)
                self._asks(True)
            case PermissionAnswered() | QuestionAnswered():
                self._asks(False)
            case Compacted(tokens_after=used):
                self.status = replace(self.status, used_tokens=used)
            case TurnFinished():
                self._phase(None)
                self._asks(False)
            case ReadAhead():
                self._phase(None)

    def change(self, status: Status) -> None:
        """What is not told by events: model, mode and window of a session that was opened."""
        self.status = status

    def wait(self, phase: Phase | None) -> None:
        """For what there is no session yet that tells it; `None` when that is over."""
        self._phase(phase)

    def note(self, text: str) -> None:
        """A passing word for the person, "" to take it away. A question that waits shows again behind it."""
        self._note = text
        self._hint()

    def _asks(self, waits: bool) -> None:
        self._waits = waits
        self._hint()

    def _hint(self) -> None:
        self.status = replace(self.status, hint=self._note or (YOUR_TURN if self._waits else ""))

    def _phase(self, phase: Phase | None) -> None:
        same = phase is not None and self.status.phase is not None and phase.name == self.status.phase.name
        since = self.status.phase_since if same and phase and phase.name != "running" else self._clock()
        self.status = replace(self.status, phase=phase, phase_since=since)
