"""What stands in the transcript's place while there is no server or no model: what is missing and how to get it."""

from __future__ import annotations

from typing import Literal, assert_never

from textual.events import Resize

from ollama_code.core.text import one_line
from ollama_code.frontends.tui.panels.rows import Row, Rows

Missing = Literal["server", "model", "choice"]
"""Nobody answers at the address; nothing is installed there; several models are, and none was chosen."""
_MODEL = "qwen3-coder:30b"
_LABEL_CELLS = 13


class Welcome(Rows):
    """The app handles /model, /pull and Enter; this only says that they work."""

    DEFAULT_CSS = """
    Welcome { height: 1fr; padding: 1 3; background: $background; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._head: tuple[Row, ...] = ()
        self._steps: tuple[Row, ...] = ()

    def show_missing(self, missing: Missing, address: str, detail: str = "") -> None:
        """`address` is where Ollama was looked for; `detail` is the error's own sentence, if it says more."""
        where = one_line(address)
        match missing:
            case "server":
                title, steps = f"No Ollama answers at {where}", _SERVER
            case "model":
                title, steps = f"Ollama at {where} has no model yet", _MODEL_STEPS
            case "choice":
                title, steps = f"Which model of Ollama at {where}?", _CHOICE
            case _:
                assert_never(missing)
        said = [Row(""), Row(one_line(detail, limit=600), "$dim")] if detail else []
        self._head = (Row(title, "bold $strong"), *said)
        self._steps = tuple(row for step in (*steps, _DEMO) for row in _rows(step))
        self._arrange()

    def on_resize(self, event: Resize) -> None:
        self._arrange()

    def _arrange(self) -> None:
        """Without blank lines between the steps where it would have to be scrolled with them."""
        self.show((*self._head, *self._steps))
        width, height = self.content_size
        if 0 < height < self.height_for(width):
            self.show((*self._head, Row(""), *(row for row in self._steps if row.text)))


_Step = tuple[str, str, str]
"""A label, what to type, what it does."""
_AGAIN = ("Then", "Enter", "on an empty line looks again")
_SERVER: tuple[_Step, ...] = (
    ("Start it", "ollama serve", "in another terminal, or open the Ollama app"),
    ("Get it", "ollama.com/download", "when it is not installed yet"),
    ("Elsewhere", "OLLAMA_HOST=host:port ollama-code", "when it runs on another machine"),
    _AGAIN,
)
_MODEL_STEPS: tuple[_Step, ...] = (
    ("Here", f"/pull {_MODEL}", "downloads one and uses it; any NAME from ollama.com/library will do"),
    ("In a shell", f"ollama pull {_MODEL}", "does the same"),
    _AGAIN,
)
_CHOICE: tuple[_Step, ...] = (
    ("Choose", "/model", "lists what is installed and what each can do"),
    ("Get another", f"/pull {_MODEL}", "downloads it and uses it"),
)
_DEMO = ("No model?", "ollama-code --demo", "shows everything with a scripted one")


def _rows(step: _Step) -> tuple[Row, ...]:
    label, order, note = step
    return (
        Row(""),
        Row(order, "bold $accent", f"{label:<{_LABEL_CELLS}}"),
        Row(note, "$dim", " " * _LABEL_CELLS),
    )
