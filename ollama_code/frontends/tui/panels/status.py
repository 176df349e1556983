"""The one row at the bottom: model, mode, context window, and what is going on in words with numbers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import assert_never

from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget

from ollama_code.core.permission import Mode
from ollama_code.core.phase import Phase
from ollama_code.core.text import one_line
from ollama_code.frontends.tui.panels.amounts import span, tokens
from ollama_code.frontends.tui.panels.settle import Clock

_MODES = {
    Mode.PLAN: "bold $accent",
    Mode.DEFAULT: "$foreground",
    Mode.AUTO_EDIT: "$warning",
    Mode.YOLO: "bold $error",
}
_FULL, _NEARLY_FULL = 0.95, 0.8
"""Shares of the window from which its count turns red and yellow."""
_NAME_CHARS = 40
_BETWEEN = "  ·  "


@dataclass(frozen=True)
class Status:
    """`num_ctx` is 0 before there is a session. `speed_tok_s` is of the last answer. `phase_since` is when the phase
    began, on the bar's clock."""

    model: str = ""
    mode: Mode = Mode.DEFAULT
    used_tokens: int = 0
    num_ctx: int = 0
    speed_tok_s: float | None = None
    phase: Phase | None = None
    phase_since: float = 0.0
    branch: str = ""
    hint: str = ""


@dataclass(frozen=True)
class _Field:
    """The field with the highest `rank` gives way first; rank 0 never does."""

    rank: int
    content: Content


class StatusBar(Widget):
    """Redraws when told something new and, only while a phase lasts, once a second."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    StatusBar {
        height: 1; padding: 0 1; background: $surface; color: $dim;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    """

    def __init__(self, *, clock: Clock = time.monotonic, id: str | None = None) -> None:
        super().__init__(id=id)
        self._clock = clock
        self._status = Status()
        self._ticker: Timer | None = None

    def show(self, status: Status) -> None:
        if status == self._status:
            return
        self._status = status
        if status.phase is None and self._ticker is not None:
            self._ticker.stop()
            self._ticker = None
        elif status.phase is not None and self._ticker is None:
            self._ticker = self.set_interval(1.0, self.refresh)
        self.refresh()

    @property
    def ticking(self) -> bool:
        return self._ticker is not None

    def render(self) -> Content:
        width = self.content_size.width
        fields = _left(self._status, self._clock())
        hint = Content.styled(one_line(self._status.hint), "$dim") if self._status.hint else None
        while True:
            left = Content(_BETWEEN).stylize("$border").join([field.content for field in fields])
            gap = width - left.cell_length - (hint.cell_length if hint else 0)
            if hint and gap >= len(_BETWEEN):
                return Content.assemble(left, " " * gap, hint)
            last = max(fields, key=lambda field: field.rank)
            if not hint and (gap >= 0 or last.rank == 0):
                return left
            if hint:
                hint = None
            else:
                fields.remove(last)


def phase_words(phase: Phase, elapsed_s: float, speed_tok_s: float | None) -> str:
    """What is going on: "reading about 3,100 tokens 0:12"."""
    detail, elapsed = one_line(phase.detail, limit=60), span(elapsed_s)
    speed = f" {speed_tok_s:.0f} tok/s" if speed_tok_s else ""
    match phase.name:
        case "connecting":
            return f"connecting to {detail} {elapsed}" if detail else f"connecting {elapsed}"
        case "loading" | "reading":
            return " ".join(filter(None, (phase.name, detail, elapsed)))
        case "thinking":
            return f"thinking{speed} {elapsed}"
        case "writing":
            return f"writing{speed or ' ' + elapsed}"
        case "calling":
            written = f" {tokens(phase.tokens)} tokens" if phase.tokens else ""
            return f"writing the call of {detail}{written} {elapsed}"
        case "compacting":
            return f"summing up the conversation {elapsed}"
        case "running":
            return f"{_running(detail)} {elapsed}"
        case _:
            assert_never(phase.name)


def _running(title: str) -> str:
    """Titles of tools are orders ("Read a.py"); a command's reads better as what goes on."""
    return f"running {title.removeprefix('Run ')}" if title.startswith("Run ") or not title else title


def _left(status: Status, now: float) -> list[_Field]:
    fields: list[_Field] = []
    if status.model:
        fields.append(_Field(2, Content.styled(one_line(status.model, limit=_NAME_CHARS), "$foreground")))
    fields.append(_Field(0, Content.styled(status.mode.value, _MODES[status.mode])))
    if status.num_ctx:
        fields.append(_Field(3, _window(status)))
    if status.phase is not None:
        words = phase_words(status.phase, now - status.phase_since, status.speed_tok_s)
        fields.append(_Field(1, Content.styled(words, "$accent")))
    elif status.speed_tok_s:
        fields.append(_Field(4, Content.styled(f"{status.speed_tok_s:.0f} tok/s", "$dim")))
    if status.branch:
        fields.append(_Field(5, Content.styled(one_line(status.branch, limit=_NAME_CHARS), "$dim")))
    return fields


def _window(status: Status) -> Content:
    share = status.used_tokens / status.num_ctx
    style = "$error" if share >= _FULL else "$warning" if share >= _NEARLY_FULL else "$dim"
    return Content.styled(f"{tokens(status.used_tokens)}/{tokens(status.num_ctx)}", style)
