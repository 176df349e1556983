"""When to draw: at once after a pause, else once per interval, however many tokens come. No timer runs while idle."""

from __future__ import annotations

import time
from collections.abc import Callable

FRAME_S = 0.08
"""Between 50 and 80 ms text still seems to flow, and a frame takes in several tokens."""
REST = 5
"""After an expensive frame the next waits this many times its cost, so that keys are answered in between."""

LONGEST_S = 1.0
"""Between frames, whatever one cost: a program that was stopped in the middle of it has no expensive frames."""


class Pace:
    """`later` calls `frame` once after so many seconds, never at once; `draw` makes one frame."""

    def __init__(
        self,
        later: Callable[[float], None],
        draw: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._later = later
        self._draw = draw
        self._clock = clock
        self._waiting = False
        self._next = 0.0

    @property
    def is_waiting(self) -> bool:
        """Whether a frame is due later."""
        return self._waiting

    def request(self) -> None:
        """Something changed: draw soon, with all that changes together with it, or when the interval is over."""
        if not self._waiting:
            self._waiting = True
            self._later(max(0.0, self._next - self._clock()))

    def frame(self) -> None:
        """It is time."""
        self._waiting = False
        began = self._clock()
        self._next = began + FRAME_S
        self._draw()
        ended = self._clock()
        self._next = max(began + FRAME_S, ended + min(REST * (ended - began), LONGEST_S))
