"""A Jupyter notebook as cells: source in full, outputs shortened, pictures and rich forms only named."""

from __future__ import annotations

import json
from typing import cast

from pydantic import JsonValue

from ollama_code.core.text import shorten
from ollama_code.tools.files.parts import Parts

_OUTPUT_CHARS = 1000
_Node = dict[str, JsonValue]


def notebook_parts(text: str) -> Parts | None:
    """`None` when `text` is no notebook of format 4, whatever its name says."""
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError):
        return None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        return None
    whole = [cast(_Node, cell) if isinstance(cell, dict) else {} for cell in cells]
    return Parts("cell", len(whole), lambda number: _cell(whole[number]))


def _cell(cell: _Node) -> str:
    outputs = cell.get("outputs")
    shown = (
        [_output(output) for output in outputs if isinstance(output, dict)]
        if isinstance(outputs, list)
        else []
    )
    source = f"[{cell.get('cell_type', 'cell')}]\n{_joined(cell.get('source'))}"
    return "\n".join([source, *(f"[output]\n{output}" for output in shown if output)])


def _output(output: _Node) -> str:
    """The plain text of one output; other forms of it by media type and size."""
    if output.get("output_type") == "error":
        text = f"{output.get('ename', 'Error')}: {output.get('evalue', '')}"
        return shorten(text, _OUTPUT_CHARS).text
    forms = output.get("data")
    if not isinstance(forms, dict):
        return shorten(_joined(output.get("text")).rstrip("\n"), _OUTPUT_CHARS).text
    others = [
        f"({name}, {len(_joined(form)):,} characters)" for name, form in forms.items() if name != "text/plain"
    ]
    plain = shorten(_joined(forms.get("text/plain")), _OUTPUT_CHARS).text
    return "\n".join([plain, *others] if plain else others)


def _joined(text: JsonValue) -> str:
    """A string of the format may be one string or a list of lines; anything else is shown as JSON."""
    if isinstance(text, list):
        return "".join(_joined(line) for line in text)
    if isinstance(text, str):
        return text
    return "" if text is None else json.dumps(text, ensure_ascii=False)
