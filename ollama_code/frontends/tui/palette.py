"""The colours of a theme as a value, and where the themes are found. Knows no widget."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

from ollama_code.core.errors import UsageError

DEFAULT_THEME = "ollama-dark"
_PACKAGE = Path(__file__).parents[2]
_PLACES = (_PACKAGE / "themes", _PACKAGE.parent / "themes")
"""In an installed wheel the themes lie inside the package, in a checkout beside it."""


@dataclass(frozen=True)
class Colors:
    background: str
    surface: str
    panel: str
    border: str
    text: str
    dim: str
    strong: str
    heading: str
    accent: str
    link: str
    user: str
    thinking: str
    success: str
    warning: str
    error: str
    selection: str


@dataclass(frozen=True)
class CodeColors:
    background: str
    text: str
    keyword: str
    string: str
    comment: str
    number: str
    function: str
    builtin: str


@dataclass(frozen=True)
class DiffColors:
    added: str
    added_background: str
    removed: str
    removed_background: str
    hunk: str


@dataclass(frozen=True)
class Palette:
    """Colours are `#rrggbb`."""

    name: str
    dark: bool
    colors: Colors
    code: CodeColors
    diff: DiffColors


@cache
def palettes() -> dict[str, Palette]:
    """The themes that ship with the program, by name."""
    folder = next((place for place in _PLACES if place.is_dir()), None)
    found = (read_palette(path) for path in sorted(folder.glob("*.toml"))) if folder else ()
    return {palette.name: palette for palette in found}


def read_palette(path: Path) -> Palette:
    """Raises: UsageError naming the file and what is missing or wrong in it."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return Palette(
            name=table["name"],
            dark=table["dark"],
            colors=Colors(**{f.name: table["colors"][f.name] for f in fields(Colors)}),
            code=CodeColors(**{f.name: table["code"][f.name] for f in fields(CodeColors)}),
            diff=DiffColors(**{f.name: table["diff"][f.name] for f in fields(DiffColors)}),
        )
    except (OSError, ValueError) as e:
        raise UsageError(f"The theme {path} cannot be read: {e}.") from e
    except KeyError as e:
        raise UsageError(
            f"The theme {path} has no {e}. Copy the missing line from themes/ollama-dark.toml."
        ) from e
