"""What lies under the widgets, which cover all of it. Textual draws it again in every frame that touches what is
above it; as a blank it costs next to nothing."""

from __future__ import annotations

from textual.actions import SkipAction
from textual.containers import Horizontal, Vertical
from textual.screen import Screen


class Ground(Screen[None]):
    """The screen that is always there."""

    BLANK = True

    def action_copy_text(self) -> None:
        """Left to the app, whose Ctrl+C ends the selection and says that it was copied."""
        raise SkipAction


class Row(Horizontal):
    """Has no border, no space around what it holds, and holds something everywhere."""

    BLANK = True


class Column(Vertical):
    """The same, from top to bottom."""

    BLANK = True
