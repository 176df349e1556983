"""The one row at the bottom: model, mode, context window, and what is going on in words with numbers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import IntEnum
from typing import assert_never

from rich.cells import cell_len
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
_PHASE_CELLS, _LEAST_DETAIL_CELLS = 60, 5
_RUN = "Run "
"""Titles of tools are orders ("Read a.py"); a command's reads better as what goes on."""
_SILENT_S, _OVERDUE = 60.0, 2.0
"""Nothing was heard for so long, twice as long before an answer, and for so many times what was expected: a person
may want to stop."""
NO_SANDBOX = "no sandbox"
_BETWEEN = "  ·  "


@dataclass(frozen=True)
class Status:
    """`num_ctx` is 0 and `sandbox` empty before there is a session. `gpu_share` is 0 where there is no graphics card.
    `speed_tok_s` is of the last answer. `phase_since` is when the phase began, on the bar's clock."""

    model: str = ""
    mode: Mode = Mode.DEFAULT
    sandbox: str = ""
    """What holds commands, such as "bwrap" or "no sandbox"."""
    used_tokens: int = 0
    num_ctx: int = 0
    gpu_share: float = 1.0
    speed_tok_s: float | None = None
    phase: Phase | None = None
    phase_since: float = 0.0
    branch: str = ""
    hint: str = ""


class _Part(IntEnum):
    """A part of the row; the highest gives way first."""

    MODE = 0
    PHASE = 1
    MODEL = 2
    WINDOW = 3
    GPU = 4
    HINT = 5
    SANDBOX = 6
    SPEED = 7
    BRANCH = 8


_Parts = dict[_Part, Content]
"""From left to right."""


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
        self._heard = clock()
        self._ticker: Timer | None = None

    def show(self, status: Status) -> None:
        """To be called with everything that happens: it also shows that something does."""
        self._heard = self._clock()
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
    def shown(self) -> Status:
        return self._status

    @property
    def ticking(self) -> bool:
        return self._ticker is not None

    def render(self) -> Content:
        """What gives way goes; then the phase, cut down for that, gets what is left."""
        width = self.content_size.width
        parts = _parts(self._status)
        if self._status.phase is not None:
            parts[_Part.PHASE] = self._phase(_PHASE_CELLS)
            _make_room(parts, width, _Part.HINT)
            parts[_Part.PHASE] = self._phase(0)
        _make_room(parts, width, _Part.MODE)
        if _Part.PHASE in parts:
            parts[_Part.PHASE] = self._phase(width - _cells(parts) + parts[_Part.PHASE].cell_length)
        hint = parts.pop(_Part.HINT, Content())
        left = Content(_BETWEEN).stylize("$border").join(parts.values())
        gap = width - left.cell_length - hint.cell_length
        return Content.assemble(left, " " * gap, hint) if hint else left

    def _phase(self, cells: int) -> Content:
        status = self._status
        assert status.phase is not None
        now = self._clock()
        times = Times(now - status.phase_since, now - self._heard, status.speed_tok_s)
        return Content.styled(phase_words(status.phase, times, cells=cells), "$accent")


@dataclass(frozen=True)
class Times:
    """Of a phase: since it began, since anything was heard, and the speed of the last answer."""

    elapsed_s: float
    silent_s: float = 0.0
    speed_tok_s: float | None = None


def phase_words(phase: Phase, times: Times, *, cells: int = _PHASE_CELLS) -> str:
    """What is going on: "reading 12.4k of 31k tokens, about 0:40 left". Beyond `cells` the detail is cut, never the
    numbers."""
    detail = Content(one_line(_detail(phase, times.elapsed_s), limit=_PHASE_CELLS))
    words = _words(phase, detail.plain, times)
    over = cell_len(words) - cells
    if over <= 0:
        return words
    if (brief := _brief(phase, times)) and cell_len(brief) <= cells:
        return brief
    kept = detail.cell_length - over
    cut = detail.truncate(kept, ellipsis=True).plain if kept >= _LEAST_DETAIL_CELLS else ""
    return _words(phase, cut, times)


def _words(phase: Phase, detail: str, times: Times) -> str:
    stuck = _no_progress(phase, times)
    elapsed = "" if stuck else _elapsed(phase, times.elapsed_s)
    speed = f"{times.speed_tok_s:.0f} tok/s" if times.speed_tok_s and not stuck else ""
    match phase.name:
        case "connecting":
            words = ["connecting to" if detail else "connecting", detail, elapsed]
        case "loading":
            words = ["loading", detail, elapsed]
        case "reading":
            words = ["reading", detail, elapsed]
        case "thinking":
            words = ["thinking", speed, elapsed]
        case "writing":
            words = ["writing", speed or elapsed]
        case "calling":
            written = f"{tokens(phase.tokens)} tokens" if phase.tokens else ""
            words = ["writing the call of" if detail else "writing a call", detail, written, elapsed]
        case "compacting":
            words = ["summing up the conversation", elapsed]
        case "running":
            titled = detail and not phase.detail.startswith(_RUN)
            words = ["" if titled else "running", detail, elapsed]
        case _:
            assert_never(phase.name)
    said = " ".join(filter(None, words))
    return f"{said}, {stuck}" if stuck else said


def _brief(phase: Phase, times: Times) -> str:
    """The same numbers in fewer words; empty where there is no such form."""
    left_s = phase.left_s(times.elapsed_s)
    if phase.name != "reading" or not phase.tokens or not left_s:
        return ""
    read = phase.read_by(times.elapsed_s)
    return f"reading {tokens(read)} of {tokens(phase.tokens)}, {span(left_s)} left"


def _elapsed(phase: Phase, elapsed_s: float) -> str:
    if phase.name == "reading" and (left_s := phase.left_s(elapsed_s)):
        return f"about {span(left_s)} left"
    return span(elapsed_s) + (f" of about {span(phase.expected_s)}" if phase.expected_s >= 1 else "")


def _no_progress(phase: Phase, times: Times) -> str:
    """What to say of a wait that is longer than it should be; empty while all is well. A tool has its own time."""
    if phase.name == "running":
        return ""
    silent_s = _SILENT_S * 2 if phase.name in ("loading", "reading") else _SILENT_S
    longest_s = max(_OVERDUE * phase.expected_s, silent_s)
    return f"no progress for {span(times.silent_s)}, Esc stops" if times.silent_s >= longest_s else ""


def _detail(phase: Phase, elapsed_s: float) -> str:
    if phase.name == "running":
        return phase.detail.removeprefix(_RUN)
    if phase.name != "reading" or not phase.tokens:
        return phase.detail
    if phase.left_s(elapsed_s):
        return f"{tokens(phase.read_by(elapsed_s))} of {tokens(phase.tokens)} tokens,"
    new = f"about {tokens(phase.tokens - phase.cached_tokens)}"  # to the engine, which knows the rest
    return f"{new} of {tokens(phase.tokens)} tokens" if phase.cached_tokens else f"{new} tokens"


def _parts(status: Status) -> _Parts:
    """All but the phase, for which a place is kept."""
    parts: _Parts = {}
    if status.model:
        parts[_Part.MODEL] = Content.styled(one_line(status.model, limit=_NAME_CHARS), "$foreground")
    bare = status.mode is Mode.YOLO and status.sandbox == NO_SANDBOX
    mode = f"{status.mode.value}, {NO_SANDBOX}" if bare else status.mode.value
    parts[_Part.MODE] = Content.styled(mode, _MODES[status.mode])
    if status.num_ctx:
        parts[_Part.WINDOW] = _window(status)
    if 0 < status.gpu_share < 1:
        parts[_Part.GPU] = Content.styled(f"{status.gpu_share:.0%} on GPU", "$warning")
    if status.sandbox and not bare:
        held = status.sandbox if status.sandbox == NO_SANDBOX else f"sandbox {status.sandbox}"
        parts[_Part.SANDBOX] = Content.styled(held, "$dim")
    if status.phase is not None:
        parts[_Part.PHASE] = Content()
    elif status.speed_tok_s:
        parts[_Part.SPEED] = Content.styled(f"{status.speed_tok_s:.0f} tok/s", "$dim")
    if status.branch:
        parts[_Part.BRANCH] = Content.styled(one_line(status.branch, limit=_NAME_CHARS), "$dim")
    if status.hint:
        parts[_Part.HINT] = Content.styled(one_line(status.hint), "$dim")
    return parts


def _make_room(parts: _Parts, width: int, least: _Part) -> None:
    """Drop what gives way first, and nothing up to `least`."""
    while _cells(parts) > width and max(parts) > least:
        del parts[max(parts)]


def _cells(parts: _Parts) -> int:
    return sum(part.cell_length for part in parts.values()) + len(_BETWEEN) * (len(parts) - 1)


def _window(status: Status) -> Content:
    share = status.used_tokens / status.num_ctx
    style = "$error" if share >= _FULL else "$warning" if share >= _NEARLY_FULL else "$dim"
    return Content.styled(f"{tokens(status.used_tokens)}/{tokens(status.num_ctx)}", style)
