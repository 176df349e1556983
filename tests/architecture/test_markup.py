"""No widget reads text of a model, a tool or a file as markup: `[@click=app.quit]` in it would be a button.

Textual and Rich take a plain `str` for markup in many places. Here they get `Content` or `Text`, or are told so."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import PACKAGE

SCREENS = sorted((*PACKAGE.glob("frontends/tui/**/*.py"), *PACKAGE.glob("frontends/repl/*.py")))
TAKERS = frozenset("Static Label Button Checkbox RadioButton Collapsible Digits Tooltip".split())
"""Widgets whose first argument is content."""
NEVER = frozenset(
    "from_markup notify add_option add_options add_row add_rows add_column add_columns add_leaf"
    " Markdown MarkdownViewer RichLog OptionList DataTable SelectionList Select Tree ListView TabPane".split()
)
"""Calls that take plain text for markup, or widgets that do; ours are drawn without them."""
TITLES = frozenset(("border_title", "border_subtitle", "tooltip"))
SAFE = frozenset(("Content", "Text", "assemble", "join", "from_text", "truncate", "stylize", "styled"))


def faults(code: ast.Module) -> Iterator[tuple[int, str]]:
    """Lines that may read text as markup, and how."""
    made = {
        node.name for node in ast.walk(code) if isinstance(node, ast.FunctionDef) and _gives_content(node)
    }
    plain = {name for name, call in _assigned(code) if _name(call.func) in TAKERS and not _is_told(call)}
    for node in ast.walk(code):
        match node:
            case ast.FunctionDef(name="render" | "render_line", returns=ast.Name(id="str")):
                yield node.lineno, "render gives a str, which is read as markup"
            case ast.keyword(arg="markup", value=ast.Constant(value=True)):
                yield node.value.lineno, "markup=True"
            case ast.Assign(targets=[ast.Attribute(attr=attr)]) if attr in TITLES and not _is_safe(
                node.value, made
            ):
                yield node.lineno, f"{attr} is read as markup"
            case ast.Call():
                yield from ((node.lineno, text) for text in _in_call(node, plain, made))
            case _:
                pass


def _in_call(call: ast.Call, plain: set[str], made: set[str]) -> Iterator[str]:
    name = _name(call.func)
    if name in NEVER:
        yield f"{name} takes text for markup"
    if name in TAKERS and call.args and not _is_told(call) and not _is_safe(call.args[0], made):
        yield f"{name} with text"
    updates = name == "update" and isinstance(call.func, ast.Attribute) and _name(call.func.value) in plain
    if updates and not _is_safe(call.args[0], made):
        yield "update with text"


def _is_told(call: ast.Call) -> bool:
    return any(
        word.arg == "markup" and isinstance(word.value, ast.Constant) and word.value.value is False
        for word in call.keywords
    )


def _is_safe(value: ast.expr, made: set[str]) -> bool:
    return isinstance(value, ast.Call) and _name(value.func) in SAFE | made


def _gives_content(function: ast.FunctionDef) -> bool:
    return isinstance(function.returns, ast.Name) and function.returns.id in ("Content", "Text")


def _assigned(code: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(code):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            yield from ((_name(target), node.value) for target in node.targets)


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


@pytest.mark.parametrize("path", SCREENS, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_widget_reads_text_as_markup(path: Path):
    found = [
        f"{path.name}:{line}: {how}" for line, how in faults(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        "Static(text)",
        "Static(f'{name}')",
        "self._a = Static(id='a')\nself._a.update(text)",
        "a = Label()\na.update(f'{text}')",
        "self.app.notify(text)",
        "self.border_title = text",
        "Text.from_markup(text)",
        "console.print(text, markup=True)",
        "class A:\n    def render(self) -> str:\n        return text",
        "yield Markdown(text)",
    ],
)
def test_the_ways_in_are_known(code: str):
    assert list(faults(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "Static(text, markup=False)",
        "Static(id='a')",
        "a = Static(markup=False)\na.update(text)",
        "a = Static()\na.update(Content(text))",
        "def made(x) -> Content: ...\na = Static()\na.update(made(text))",
        "self.block.update(ink)",
        "console.print(Text(text))",
    ],
)
def test_what_is_plain_passes(code: str):
    assert not list(faults(ast.parse(code)))
