from __future__ import annotations

import pytest
from rich.style import Style

from ollama_code.frontends.tui.palette import palettes
from ollama_code.frontends.tui.transcript.ink import Ink

LINES = {"border", "thumb", "selection"}
"""Drawn, not read."""
KINDS = ("Keyword", "Literal.String", "Comment", "Literal.Number", "Name.Function", "Name.Builtin", "Name")


def contrast(style: Style, ground: str) -> float:
    """WCAG 2.1 contrast ratio of a style's text on its background, or on `ground` when it has none."""
    back = style.bgcolor.get_truecolor() if style.bgcolor else Style(color=ground).color.get_truecolor()
    lights = sorted((_light(style.color.get_truecolor()), _light(back)), reverse=True)
    return (lights[0] + 0.05) / (lights[1] + 0.05)


def _light(color: tuple[int, int, int]) -> float:
    parts = [c / 255 for c in color]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("name", sorted(palettes()))
def test_every_style_of_text_can_be_read(name: str):
    ink = Ink(palettes()[name])
    palette = ink.palette
    styles = {k: v for k, v in vars(ink).items() if isinstance(v, Style) and v.color and k not in LINES}
    grounds = (palette.code.background, palette.colors.background, palette.diff.added_background)
    styles |= {f"{kind} on {ground}": ink.token(kind, ground) for kind in KINDS for ground in grounds}
    found = {role: round(contrast(style, palette.colors.background), 2) for role, style in styles.items()}
    assert {role: ratio for role, ratio in found.items() if ratio < 4.5} == {}
