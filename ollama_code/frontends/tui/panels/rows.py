"""Rows of foreign text in a scrolling view: folded, never cut, drawn a line at a time and never read as markup. What
is taller than its room may keep its end in sight."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from rich.cells import cell_len, get_character_cell_size
from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.events import Resize
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style

from ollama_code.frontends.tui.palette import DEFAULT_THEME, palettes

_NARROWEST = 8
"""Cells of text a row keeps beside its gutter; a narrower view drops the gutters."""
_LEAST_LINES, _MOST_ANCHORED = 3, 3
"""A view with fewer lines keeps none of its end in sight, one with many no more than this."""
_TELLING_CHARS = 30
_WIDENER = "\ufe0f"
"""Asks for the emoji form of the character before it, which is one cell wider."""
Limit = Callable[[Size, int], int]
"""The most lines a view may take, from the size of the terminal and the width of the view."""


@dataclass(frozen=True)
class Row:
    """One line of text, cleaned by whoever made it. `gutter` stands before its first line only. Styles are Textual's,
    such as "bold $accent", or one of the diff's: "added", "removed", "hunk"."""

    text: str
    style: str = "$foreground"
    gutter: str = ""
    gutter_style: str = "$dim"


@dataclass(frozen=True)
class _Piece:
    """The part of a row that fits one screen line; `start` and `end` are character indices."""

    row: int
    start: int
    end: int


@dataclass(frozen=True)
class Seen:
    """Lines `first` to `last` (exclusive) in one stretch; then, when lines are `hidden`, a divider that counts them
    and the end of what is anchored."""

    first: int
    last: int
    hidden: int = 0


def fold(text: str, width: int) -> Iterator[tuple[int, int]]:
    """Character ranges of the lines that `text` takes at `width` cells, broken after a space where one is near. All
    of it, spaces at a break too: what someone approves is what they saw. An empty text takes one line."""
    if len(text) <= width and text.isascii():
        yield 0, len(text)
        return
    cells = {character: get_character_cell_size(character) for character in set(text)}
    cells[_WIDENER] = 1
    narrow = text.isascii() or all(count == 1 for character, count in cells.items() if character != _WIDENER)
    start = 0
    while start < len(text) or start == 0:
        end = (
            min(start + width, len(text))
            if narrow and _WIDENER not in text
            else _reach(text, start, width, cells)
        )
        if end < len(text):
            space = text.rfind(" ", start + width * 2 // 3, end)
            end = space + 1 if space >= 0 else end
        yield start, end
        start = end
        if not text:
            return


def _reach(text: str, start: int, width: int, cells: dict[str, int]) -> int:
    """The first index that no longer fits; at least one character is taken."""
    used = 0
    for index in range(start, len(text)):
        used += cells[text[index]]
        if used > width and index > start:
            return index
    return len(text)


class Rows(ScrollView, can_focus=False):
    """Shows rows; scrolls with the wheel or when told to. As high as its rows unless CSS says less. The last lines of
    an anchored stretch stay below what is scrolled, until that has come to them."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Rows {
        height: auto;
        overflow-x: hidden;
        scrollbar-gutter: stable;
        scrollbar-size: 0 1;
        scrollbar-color: $border;
        scrollbar-background: $panel;
        scrollbar-color-hover: $accent;
        scrollbar-background-hover: $panel;
        scrollbar-color-active: $accent;
        scrollbar-background-active: $panel;
    }
    """

    def __init__(self, *, id: str | None = None, limit: Limit | None = None) -> None:
        super().__init__(id=id)
        self._limit = limit
        self._rows: tuple[Row, ...] = ()
        self._held_rows = 0
        self._folded: tuple[int, list[_Piece]] = (0, [])
        self._revealed: int | None = None
        self._first: int | None = None
        self._styles: dict[str, RichStyle] = {}

    @property
    def rows(self) -> tuple[Row, ...]:
        return self._rows

    def show(self, rows: Iterable[Row], *, anchored: int = 0) -> None:
        """The end of the first `anchored` rows is kept in sight."""
        self._rows = tuple(rows)
        self._held_rows = anchored
        self._folded = (0, [])
        self._revealed = self._first = None
        self._fit()
        self.refresh(layout=True)

    def height_for(self, width: int) -> int:
        """Lines all rows take in a widget whose content is `width` cells wide."""
        return len(self._pieces(self._text_width(width)))

    def row_at(self, y: int) -> int | None:
        """The index of the row at line `y` of the visible part."""
        pieces = self._pieces(self._inner_width)
        line = self._line_at(y)
        return pieces[line].row if line is not None and 0 <= line < len(pieces) else None

    @property
    def seen(self) -> Seen:
        """The lines in sight, counted from 0."""
        height, first = self.scrollable_content_region.height, self.scroll_offset.y
        end = self._anchor_end()
        kept = self._kept_lines(end, height)
        if not kept or first + height >= end:
            return Seen(first, min(first + height, len(self._pieces(self._inner_width))))
        last = first + height - 1 - kept
        return Seen(first, last, hidden=end - kept - last)

    def _anchor_end(self) -> int:
        """The line after the last one to keep in sight. Blank lines do not count: they would hide what matters."""
        pieces = self._pieces(self._inner_width)
        end = bisect_left(pieces, self._held_rows, key=lambda piece: piece.row)
        while end and not self._text(pieces[end - 1]).strip():
            end -= 1
        return end

    def _kept_lines(self, end: int, height: int) -> int:
        """How many lines above `end` stay in sight; the rest of a folded row does not come without its beginning
        where it says little by itself."""
        if height < _LEAST_LINES:
            return 0
        kept = min(_MOST_ANCHORED, height // 3)
        if kept > 1 or height == _LEAST_LINES or not end:
            return kept
        last = self._pieces(self._inner_width)[end - 1]
        return kept + (last.start > 0 and last.end - last.start < _TELLING_CHARS)

    def begin_at(self, row: int) -> None:
        """Have `row` at the top, now and whenever the view gets another size; until `stay`."""
        self._first = row
        self._jump(bisect_left(self._pieces(self._inner_width), row, key=lambda piece: piece.row))

    def stay(self) -> None:
        """From now on it moves only when it is scrolled."""
        self._first = None

    def reveal(self, row: int) -> None:
        """Scroll no more than needed to see the row; also after the next resize."""
        self._revealed = row
        lines = [line for line, piece in enumerate(self._pieces(self._inner_width)) if piece.row == row]
        if not lines:
            return
        top, height = self.scroll_offset.y, self.scrollable_content_region.height
        if lines[0] < top:
            self._jump(lines[0])
        elif lines[-1] >= top + height:
            self._jump(lines[-1] - height + 1)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        lines = self.height_for(width)
        return lines if self._limit is None else min(lines, self._limit(viewport, width))

    def on_resize(self, event: Resize) -> None:
        self._fit()
        if self._revealed is not None:
            self.reveal(self._revealed)
        if self._first is not None:
            self.begin_at(self._first)

    def on_mouse_scroll_down(self) -> None:
        self.stay()

    def on_mouse_scroll_up(self) -> None:
        self.stay()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles = {}

    def render_line(self, y: int) -> Strip:
        width, line = self._inner_width, self._line_at(y)
        if line is None:
            words = f"┄┄ {self.seen.hidden:,} more lines "
            return Strip([Segment(words.ljust(width, "┄"), self._style("$dim"))]).crop(0, width)
        pieces = self._pieces(width)
        if line >= len(pieces):
            return Strip.blank(width, self.rich_style)
        piece = pieces[line]
        row = self._rows[piece.row]
        gutter = self._gutter(row, width)
        lead = gutter if piece.start == 0 else " " * cell_len(gutter)
        segments = [
            Segment(lead, self._style(row.gutter_style)),
            Segment(self._text(piece), self._style(row.style)),
        ]
        return Strip(segments).adjust_cell_length(width, self._style(row.style))

    def _line_at(self, y: int) -> int | None:
        """The line shown at `y`; None for the divider, which counts what is hidden."""
        seen = self.seen
        below = y - (seen.last - seen.first)
        if below < 0 or not seen.hidden:
            return seen.first + y
        return seen.last + seen.hidden + below - 1 if below else None

    def _text(self, piece: _Piece) -> str:
        return self._rows[piece.row].text[piece.start : piece.end]

    @property
    def _inner_width(self) -> int:
        return max(self.scrollable_content_region.width, 1)

    def _text_width(self, width: int) -> int:
        return max(width - (1 if self.styles.scrollbar_gutter == "stable" else 0), 1)

    def _jump(self, line: int) -> None:
        """By force: in the first frame the scrollbar is not there yet, and Textual would not move."""
        self.scroll_to(y=line, animate=False, force=True)

    def _fit(self) -> None:
        if self.size.width:
            self.virtual_size = Size(self._inner_width, len(self._pieces(self._inner_width)))

    def _pieces(self, width: int) -> list[_Piece]:
        if self._folded[0] != width:
            self._folded = (width, list(self._fold_all(width)))
        return self._folded[1]

    def _fold_all(self, width: int) -> Iterator[_Piece]:
        for index, row in enumerate(self._rows):
            for start, end in fold(row.text, max(width - cell_len(self._gutter(row, width)), 2)):
                yield _Piece(index, start, end)

    @staticmethod
    def _gutter(row: Row, width: int) -> str:
        return row.gutter if cell_len(row.gutter) + _NARROWEST <= width else ""

    def _style(self, name: str) -> RichStyle:
        if name not in self._styles:
            parsed = Style.parse(_diff_styles(self.app.theme).get(name, name))
            self._styles[name] = (self.visual_style + parsed).rich_style
        return self._styles[name]


def _diff_styles(theme: str) -> dict[str, str]:
    diff = palettes().get(theme, palettes()[DEFAULT_THEME]).diff
    return {
        "added": f"{diff.added} on {diff.added_background}",
        "removed": f"{diff.removed} on {diff.removed_background}",
        "hunk": diff.hunk,
    }
