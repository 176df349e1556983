"""The project's own pages, and the pieces that tests hold against the code."""

from __future__ import annotations

import re
from pathlib import Path

REPO = Path(__file__).parents[2]
PAGES = tuple(sorted((*REPO.glob("*.md"), *REPO.glob("docs/*.md"))))


def page(name: str) -> str:
    return (REPO / name).read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    """What stands under a heading, up to the next of the same level or a higher one."""
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^#{{1,2}} |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"no heading {title!r}"
    return found[2]


def rows(text: str) -> list[list[str]]:
    """The cells of the table rows in `text`, without heads and rules."""
    table = [
        [cell.strip() for cell in line[1:-1].split("|")] for line in text.splitlines() if line[:1] == "|"
    ]
    rules = [number for number, cells in enumerate(table) if set("".join(cells)) == {"-"}]
    heads = {number - 1 for number in rules}
    return [cells for number, cells in enumerate(table) if number not in heads.union(rules)]


def quoted(text: str) -> list[str]:
    """What stands between backticks."""
    return re.findall(r"`([^`\n]+)`", text)


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
