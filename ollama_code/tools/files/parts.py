"""Documents that come in numbered parts instead of lines: the pages of a PDF, the cells of a notebook."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ollama_code.core.text import shorten
from ollama_code.tools.files.pages import Page, Window


@dataclass(frozen=True)
class Parts:
    """`render(i)` gives the text of part `i`, counted from 0. It may be slow: only what is shown is rendered."""

    unit: str
    count: int
    render: Callable[[int], str]


def read_parts(parts: Parts, window: Window) -> Page:
    """Whole parts as long as they fit; one that alone is longer than a page loses its middle."""
    texts: list[str] = []
    room = window.budget_chars
    for number in range(window.offset, min(parts.count, window.offset + window.limit)):
        text = f"--- {parts.unit} {number + 1} of {parts.count} ---\n{parts.render(number)}\n"
        if len(text) > room and texts:
            break
        texts.append(shorten(text, room).text)
        room -= len(text)
        if room <= 0:
            break
    return Page(text="".join(texts), offset=window.offset, lines=len(texts), total=parts.count)
