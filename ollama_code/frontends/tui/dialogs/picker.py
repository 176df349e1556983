"""Chooses a model: what is installed, how big it is and what it can do, or the name of one to fetch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key, Resize
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from ollama_code.core.text import one_line
from ollama_code.frontends.tui.panels.amounts import size
from ollama_code.frontends.tui.panels.choices import Choices
from ollama_code.frontends.tui.panels.rows import Row

_PULL = "Pull another model..."
_NAME_CHARS = 60
_NARROW = 60
"""Cells of list below which only names and sizes are shown."""
_AROUND_LINES, _MOST_LINES = 11, 24
"""Lines of the dialog that are not its list, and the most the list takes."""
_STEPS = {"up": -1, "down": 1, "pageup": -8, "pagedown": 8}


@dataclass(frozen=True)
class ModelRow:
    """`warning` says in a few words why the model may not do, such as "no tools"."""

    name: str
    size_bytes: int = 0
    parameter_size: str = ""
    capabilities: tuple[str, ...] = ()
    remote: bool = False
    current: bool = False
    warning: str = ""


class ModelPicker(ModalScreen[str | None]):
    """Gives the name of a model, `None` when the person does not want another. A name that is not among the rows is
    one to pull."""

    BINDINGS: ClassVar[list[BindingType]] = [  # a modal screen hears none of the app's
        Binding("ctrl+c", "app.leave"),
        Binding("ctrl+q", "app.quit", priority=True),
    ]
    DEFAULT_CSS = """
    ModelPicker { align: center middle; background: $background 60%; }
    ModelPicker > Vertical {
        width: 84; max-width: 100%; height: auto; max-height: 100%;
        background: $panel; padding: 1 2; border-top: heavy $accent;
    }
    ModelPicker #title { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    ModelPicker #filter {
        height: 1; border: none; margin: 1 0; padding: 0 1;
        background: $surface; color: $foreground;
    }
    ModelPicker #filter > .input--placeholder { color: $dim; }
    ModelPicker #keys { height: 1; margin-top: 1; color: $dim; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self, models: Sequence[ModelRow]) -> None:
        super().__init__()
        self._models = tuple(models)
        self._found: tuple[ModelRow, ...] = self._models
        self._naming = False
        self._title = Static(id="title")
        self._filter = Input(id="filter", compact=True)
        self._list = Choices(limit=_list_lines)
        self._keys = Static(id="keys")

    def compose(self) -> ComposeResult:
        with Vertical():
            yield self._title
            yield self._filter
            yield self._list
            yield self._keys

    def on_mount(self) -> None:
        current = next((index for index, model in enumerate(self._models) if model.current), 0)
        if self._models:
            self._choose_mode(cursor=current)
        else:
            self._naming_mode()
        self._filter.focus()

    def on_resize(self, event: Resize) -> None:
        if not self._naming:
            self.call_after_refresh(lambda: self._offer(self._list.cursor))

    def on_input_changed(self, message: Input.Changed) -> None:
        message.stop()
        if not self._naming:
            words = message.value.casefold().split()
            self._found = tuple(m for m in self._models if all(word in _searched(m) for word in words))
            self._offer(0)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        message.stop()
        if not self._naming:
            self._pick(self._list.cursor)
        elif name := message.value.strip():
            self.dismiss(name)

    def on_choices_chosen(self, message: Choices.Chosen) -> None:
        message.stop()
        self._pick(message.index)

    def on_key(self, event: Key) -> None:
        if event.key == "escape":
            if self._naming and self._models:
                self._filter.value = ""
                self._choose_mode(cursor=len(self._models))
            else:
                self.dismiss(None)
        elif event.key in _STEPS and not self._naming:
            self._list.move(_STEPS[event.key])
        else:
            return
        event.stop()
        event.prevent_default()

    def _pick(self, index: int) -> None:
        if index < len(self._found):
            self.dismiss(self._found[index].name)
        else:
            self._naming_mode()

    def _choose_mode(self, cursor: int) -> None:
        self._naming = False
        self._found = self._models
        self._list.display = True
        self._title.update(
            Content.assemble(("Model", "bold $strong"), (f"   {len(self._models)} installed", "$dim"))
        )
        self._filter.placeholder = "type to filter"
        closing = "keeps the current one" if any(model.current for model in self._models) else "closes this"
        self._keys.update(Content(f"arrows and Enter choose  ·  Esc {closing}"))
        self._offer(cursor)

    def _naming_mode(self) -> None:
        """What was typed to filter is kept: it is often the name that was not found."""
        self._naming = True
        self._list.display = False
        self._title.update(
            Content.styled(
                "Pull which model?" if self._models else "No model is installed yet. Pull which?",
                "bold $strong",
            )
        )
        self._filter.placeholder = "a name from ollama.com/library, such as qwen3-coder:30b"
        self._keys.update(Content(f"Enter pulls it  ·  Esc {'goes back' if self._models else 'closes this'}"))

    def _offer(self, cursor: int) -> None:
        width = self._list.scrollable_content_region.width or 76
        pull = Row(_PULL, "$accent", "+ ", "$accent")
        self._list.offer([*_table(self._found, width), pull], cursor)


def _list_lines(terminal: Size, width: int) -> int:
    return max(min(terminal.height - _AROUND_LINES, _MOST_LINES), 3)


def _table(models: Sequence[ModelRow], width: int) -> list[Row]:
    """One row a model, in columns as wide as what stands in them."""
    names = [one_line(model.name, limit=_NAME_CHARS) for model in models]
    sizes = ["cloud" if model.remote else size(model.size_bytes) for model in models]
    parameters = [one_line(model.parameter_size, limit=8) for model in models]
    columns = [_column(names), _column(sizes, right=True)]
    if width >= _NARROW:
        columns += [_column(parameters, right=True), [_abilities(model) for model in models]]
    return [
        Row("   ".join(cells).rstrip(), _style(model), "• " if model.current else "  ", "$success")
        for model, *cells in zip(models, *columns, strict=True)
    ]


def _abilities(model: ModelRow) -> str:
    abilities = ", ".join(one_line(word, limit=16) for word in model.capabilities if word != "completion")
    return " - ".join(filter(None, (abilities, one_line(model.warning, limit=40))))


def _style(model: ModelRow) -> str:
    return "$warning" if model.warning else "$foreground"


def _column(cells: list[str], *, right: bool = False) -> list[str]:
    width = max((cell_len(cell) for cell in cells), default=0)
    padding = [" " * (width - cell_len(cell)) for cell in cells]
    return [pad + cell if right else cell + pad for cell, pad in zip(cells, padding, strict=True)]


def _searched(model: ModelRow) -> str:
    return " ".join((model.name, model.parameter_size, *model.capabilities)).casefold()
