from __future__ import annotations

import pytest

from ollama_code.frontends.tui.panels.amounts import size, span, tokens


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (0, "0 B"),
        (384, "384 B"),
        (4_920_753_328, "4.9 GB"),
        (274_302_450, "274 MB"),
        (999_950_000, "1.0 GB"),
        (65_300_000_000, "65.3 GB"),
        (404_000_000_000, "404 GB"),
        (5e15, "5000 TB"),
        (-1, "0 B"),
    ],
)
def test_sizes_are_those_ollama_prints(size_bytes: float, text: str):
    assert size(size_bytes) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0"), (830, "830"), (12_698, "12.4k"), (32_768, "32k"), (131_072, "128k"), (131_000, "128k")],
)
def test_tokens_are_counted_in_the_thousands_of_windows(count: int, text: str):
    assert tokens(count) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.9, "0:00"), (65, "1:05"), (3723, "1:02:03"), (-3, "0:00")])
def test_spans_are_those_of_a_clock(seconds: float, text: str):
    assert span(seconds) == text
