"""What the plain face says of a wait."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from ollama_code.core.phase import Phase
from ollama_code.frontends.repl.paper import Paper


@pytest.mark.parametrize(
    ("phase", "said"),
    [
        (Phase(name="loading", detail="qwen3:4b"), "... loading qwen3:4b\n"),
        (Phase(name="loading", detail="qwen3:4b", expected_s=95), "... loading qwen3:4b, for about 1:35\n"),
        (Phase(name="reading", tokens=3100), "... reading about 3,100 tokens\n"),
        (
            Phase(name="reading", tokens=31000, cached_tokens=1000, expected_s=62.4),
            "... reading about 31,000 tokens, 1,000 of them known, for about 1:02\n",
        ),
        (Phase(name="reading", tokens=3100, expected_s=1.5), ""),
        (Phase(name="writing"), ""),
        (None, ""),
    ],
)
def test_a_wait_is_told_with_the_time_it_should_take(phase: Phase | None, said: str) -> None:
    paper = StringIO()
    Paper(Console(file=paper, width=100)).wait(phase)
    assert paper.getvalue() == said
