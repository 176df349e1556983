from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from ollama_code.frontends.tui.panels.rows import Row, Rows, fold
from tests.tui.panels.host import Host, screen_text

TEXTS = st.text(alphabet=st.sampled_from("ab c\u0301\ufe0f漢字🚀❤👩\u200d👧é -"), max_size=60)


def folded(text: str, width: int) -> list[str]:
    return [text[start:end] for start, end in fold(text, width)]


@given(TEXTS, st.integers(min_value=2, max_value=20))
def test_a_fold_keeps_every_character_in_order(text: str, width: int):
    assert "".join(folded(text, width)) == text


@given(TEXTS, st.integers(min_value=3, max_value=20))
def test_no_folded_line_is_wider_than_its_width(text: str, width: int):
    assert all(cell_len(line) <= width for line in folded(text, width))


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 5, [""]),
        ("abc", 5, ["abc"]),
        ("abcdefgh", 5, ["abcde", "fgh"]),
        ("one two three", 9, ["one two ", "three"]),
        ("漢字漢字", 5, ["漢字", "漢字"]),
        ("漢", 1, ["漢"]),
    ],
)
def test_lines_break_after_a_space_where_one_is_near(text: str, width: int, lines: list[str]):
    assert folded(text, width) == lines


async def test_a_gutter_stands_before_the_first_line_only():
    rows = Rows()
    async with Host(rows).run_test(size=(20, 10)) as pilot:
        rows.show([Row("abcdefghijklmnopqrstuvwxyz", gutter="12 + ")])
        await pilot.pause()
        assert screen_text(pilot.app, rows) == "12 + abcdefghijklmn\n     opqrstuvwxyz"


async def test_markup_is_shown_as_it_is():
    rows = Rows()
    async with Host(rows).run_test(size=(60, 10)) as pilot:
        rows.show([Row("[@click=app.quit]go[/] [bold]x[/bold]")])
        await pilot.pause()
        assert screen_text(pilot.app, rows) == "[@click=app.quit]go[/] [bold]x[/bold]"


async def test_only_what_is_seen_of_many_rows_is_drawn():
    rows = Counted()
    async with Host(rows).run_test(size=(80, 24)) as pilot:
        rows.styles.height = 10
        rows.show(Row(f"row {number}") for number in range(10_000))
        await pilot.pause()
        rows.drawn.clear()
        rows.scroll_to(y=5_000, animate=False)
        await pilot.pause()
        assert len(rows.drawn) <= 20
        assert screen_text(pilot.app, rows).startswith("row 5000\n")


async def test_a_theme_change_repaints_the_diff():
    rows = Rows()
    app = Host(rows)
    async with app.run_test(size=(40, 10)) as pilot:
        rows.show([Row("new", "added")])
        await pilot.pause()
        dark = rows.render_line(0)
        app.theme = "ollama-light"
        await pilot.pause()
        assert rows.render_line(0) != dark


class Counted(Rows):
    def __init__(self) -> None:
        super().__init__()
        self.drawn: list[int] = []

    def render_line(self, y: int):
        self.drawn.append(y)
        return super().render_line(y)
