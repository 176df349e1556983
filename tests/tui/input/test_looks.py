"""How the prompt looks. A change here is looked at as a picture before it is accepted."""

import pytest
from textual import events

from tests.tui.input.host import Host

THEMES = pytest.mark.parametrize("theme", ["ollama-dark", "ollama-light"])
WIDE, NARROW, LARGE = (pytest.param((w, h), id=f"{w}x{h}") for w, h in [(80, 24), (40, 24), (120, 40)])


@THEMES
def test_empty(snap_compare, theme: str):
    assert snap_compare(Host(theme=theme), terminal_size=(80, 24))


@THEMES
@pytest.mark.parametrize("size", [WIDE, NARROW, LARGE])
def test_many_lines(snap_compare, theme: str, size: tuple[int, int]):
    async def write(pilot):
        pilot.app.prompt.receive(
            events.Paste("First line\n\tindented, 日本語 🦙\n" + "a long line of words that wraps " * 3)
        )
        pilot.app.prompt.receive(events.Paste("pasted\n" * 312))
        await pilot.press(*" and more", *["shift+left"] * 4)

    assert snap_compare(Host(theme=theme), terminal_size=size, run_before=write)


@THEMES
@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_commands(snap_compare, theme: str, size: tuple[int, int]):
    assert snap_compare(Host(theme=theme), terminal_size=size, press=["slash", "down", "down"])


@THEMES
@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_files(snap_compare, theme: str, size: tuple[int, int]):
    assert snap_compare(Host(theme=theme), terminal_size=size, press=[*"fix @p", "down"])


@THEMES
@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_queued(snap_compare, theme: str, size: tuple[int, int]):
    async def queue(pilot):
        pilot.app.prompt.queue.show(
            ["and commit"], ["one", "two", "then fix the tests too, all of them, please"]
        )
        await pilot.press(*"!git status")

    assert snap_compare(Host(theme=theme), terminal_size=size, run_before=queue)
