"""When frames are drawn, by a clock of the test."""

from __future__ import annotations

import pytest

from ollama_code.frontends.tui.transcript.pace import FRAME_S, LONGEST_S, REST, Pace


@pytest.mark.parametrize(
    ("cost_s", "rest_s"),
    [(0.001, FRAME_S - 0.001), (0.1, REST * 0.1), (600.0, LONGEST_S)],
    ids=["cheap", "expensive", "stopped in the middle"],
)
def test_the_rest_after_a_frame_follows_from_its_cost_and_has_an_end(cost_s: float, rest_s: float) -> None:
    now = 100.0
    waits: list[float] = []

    def draw() -> None:
        nonlocal now
        now += cost_s

    pace = Pace(waits.append, draw, clock=lambda: now)
    pace.request()
    pace.frame()
    pace.request()
    assert waits == [0.0, pytest.approx(rest_s)]
