"""A palette as a Textual theme: the variables that all CSS of this face uses."""

from __future__ import annotations

from textual.theme import Theme

from ollama_code.frontends.tui.palette import Palette


def textual_theme(palette: Palette) -> Theme:
    colors = palette.colors
    return Theme(
        name=palette.name,
        dark=palette.dark,
        primary=colors.accent,
        secondary=colors.link,
        accent=colors.accent,
        warning=colors.warning,
        error=colors.error,
        success=colors.success,
        foreground=colors.text,
        background=colors.background,
        surface=colors.surface,
        panel=colors.panel,
        variables={
            "border": colors.border,
            "dim": colors.dim,
            "strong": colors.strong,
            "user": colors.user,
            "thinking": colors.thinking,
            "input-selection-background": colors.selection,
            "screen-selection-background": colors.selection,
            "block-cursor-foreground": colors.background,
            "block-cursor-background": colors.text,
            "scrollbar": colors.border,
            "scrollbar-hover": colors.dim,
            "scrollbar-active": colors.accent,
            "scrollbar-background": colors.background,
            "scrollbar-background-hover": colors.background,
            "scrollbar-background-active": colors.background,
            "scrollbar-corner-color": colors.background,
        },
    )
