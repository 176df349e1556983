"""Shows a model being downloaded: what the server does, how much is there, how fast, how long still."""

from __future__ import annotations

import time
from collections import deque

from textual.content import Content
from textual.widget import Widget

from ollama_code.core.text import one_line
from ollama_code.frontends.tui.panels.amounts import size, span
from ollama_code.frontends.tui.panels.settle import Clock
from ollama_code.ports import PullProgress

_WINDOW_S = 8.0
"""The speed is that of the last seconds: long enough to be calm, short enough to be true."""
_LEAST_S = 0.5
_DRAWN_S = 0.1
"""A server reports many times a second; more than ten pictures a second nobody sees."""


class PullPanel(Widget):
    """Hidden until `begin`, hidden again by `close`. It takes no key: Esc is the app's. No timer: it changes when the
    server says something."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    PullPanel { display: none; height: auto; background: $panel; border-top: heavy $accent; padding: 0 1; }
    PullPanel.-failed { border-top: heavy $error; }
    """

    def __init__(self, *, clock: Clock = time.monotonic, id: str | None = None) -> None:
        super().__init__(id=id)
        self._clock = clock
        self._model = ""
        self._error = ""
        self._progress = PullProgress(status="")
        self._samples: deque[tuple[float, int]] = deque()
        self._drawn = 0.0

    def begin(self, model: str) -> None:
        self._model, self._error = model, ""
        self._progress = PullProgress(status="asking the server")
        self._samples.clear()
        self.remove_class("-failed")
        self.display = True
        self.refresh(layout=True)

    def show(self, progress: PullProgress) -> None:
        now = self._clock()
        turned = progress.status != self._progress.status or progress.completed_bytes >= progress.total_bytes
        if progress.completed_bytes < self._progress.completed_bytes:
            self._samples.clear()
        self._progress = progress
        self._samples.append((now, progress.completed_bytes))
        while now - self._samples[0][0] > _WINDOW_S:
            self._samples.popleft()
        if turned or now - self._drawn >= _DRAWN_S:
            self._drawn = now
            self.refresh()

    def fail(self, sentence: str) -> None:
        """`sentence` says what went wrong and what to do."""
        self._error = sentence
        self.add_class("-failed")
        self.refresh(layout=True)

    def close(self) -> None:
        self.display = False

    def render(self) -> Content:
        name = one_line(self._model, limit=80)
        if self._error:
            return Content.assemble(
                (f"{name} was not pulled\n", "bold $error"),
                (one_line(self._error, limit=600), "$foreground"),
                ("\nEsc closes this", "$dim"),
            )
        return Content.assemble(
            (f"Pulling {name}", "bold $strong"),
            (f"   {one_line(self._progress.status, limit=60)}\n", "$dim"),
            *self._bar(max(self.content_size.width, 10)),
            (f"\n{self._numbers()}\n", "$foreground"),
            ("Esc stops it; what has arrived stays, and a later pull goes on from there", "$dim"),
        )

    def _bar(self, width: int) -> tuple[tuple[str, str], ...]:
        share = self._share
        room = width - 6
        full = int(share * room)
        return ("━" * full, "$accent"), ("━" * (room - full), "$border"), (f" {share:4.0%}", "$foreground")

    @property
    def _share(self) -> float:
        done, total = self._progress.completed_bytes, self._progress.total_bytes
        return min(max(done / total, 0.0), 1.0) if total > 0 else 0.0

    def _numbers(self) -> str:
        done, total = self._progress.completed_bytes, self._progress.total_bytes
        if total <= 0:
            return "no size known yet"
        parts = [f"{size(done)} of {size(total)}"]
        speed = self._speed()
        if speed > 0 and done < total:
            parts += [f"{size(speed)}/s", f"{span((total - done) / speed)} left"]
        return "  ·  ".join(parts)

    def _speed(self) -> float:
        """Bytes a second over the last seconds, 0 when it is too early to say."""
        if len(self._samples) < 2:
            return 0.0
        (start, before), (end, after) = self._samples[0], self._samples[-1]
        return (after - before) / (end - start) if end - start >= _LEAST_S else 0.0
