"""Every style the transcript draws with, made once from a palette. Styles are compared by identity on the hot path,
so one `Ink` is shared by all blocks until the palette changes."""

from __future__ import annotations

from rich.style import Style

from ollama_code.frontends.tui.palette import Palette

_STRUCK = Style(strike=True)
_FAMILIES = (
    ("Keyword", "keyword"),
    ("Operator.Word", "keyword"),
    ("Literal.String", "string"),
    ("Comment", "comment"),
    ("Literal.Number", "number"),
    ("Name.Function", "function"),
    ("Name.Class", "function"),
    ("Name.Tag", "keyword"),
    ("Name.Builtin", "builtin"),
    ("Name.Decorator", "builtin"),
    ("Name.Attribute", "builtin"),
    ("Generic.Deleted", "keyword"),
    ("Generic.Inserted", "string"),
)
"""Pygments' token names by prefix; the first that fits wins."""


class Ink:
    """Styles by role. All but the `code_*` ones lie on the transcript's own background."""

    def __init__(self, palette: Palette) -> None:
        colors, code = palette.colors, palette.code
        ground = colors.background
        self.palette = palette
        self.text = Style(color=colors.text, bgcolor=ground)
        self.dim = Style(color=colors.dim, bgcolor=ground)
        self.border = Style(color=colors.border, bgcolor=ground)
        self.strong = Style(color=colors.strong, bgcolor=ground, bold=True)
        self.title = Style(color=colors.text, bgcolor=ground, bold=True)
        self.emphasis = Style(italic=True)
        self.bold = Style(color=colors.strong, bold=True)
        self.struck = Style(color=colors.dim) + _STRUCK
        self.link = Style(color=colors.link, underline=True)
        self.heading = Style(color=colors.heading, bgcolor=ground)
        self.user = Style(color=colors.user, bgcolor=ground)
        self.accent = Style(color=colors.accent, bgcolor=ground)
        self.thinking = Style(color=colors.thinking, bgcolor=ground, italic=True)
        self.success = Style(color=colors.success, bgcolor=ground)
        self.warning = Style(color=colors.warning, bgcolor=ground)
        self.error = Style(color=colors.error, bgcolor=ground)
        self.hint = Style(color=colors.accent, bgcolor=colors.panel)
        self.thumb = Style(color=colors.dim, bgcolor=ground)
        self.selection = Style(bgcolor=colors.selection)
        self.code = Style(color=code.text, bgcolor=code.background)
        self.code_inline = Style(color=code.builtin, bgcolor=code.background)
        diff = palette.diff
        self.added = Style(color=diff.added, bgcolor=diff.added_background)
        self.removed = Style(color=diff.removed, bgcolor=diff.removed_background)
        self.hunk = Style(color=diff.hunk, bgcolor=ground)
        self._code_colors = {role: getattr(code, role) for _, role in _FAMILIES}
        self._tokens: dict[tuple[str, str], Style] = {}

    def token(self, kind: str, ground: str) -> Style:
        """The style of a piece of code: `kind` is Pygments' token type as text without the leading `Token.`."""
        style = self._tokens.get((kind, ground))
        if style is None:
            role = next((role for family, role in _FAMILIES if kind.startswith(family)), "")
            color = self._code_colors.get(role, self.palette.code.text)
            if role == "comment" and ground == self.palette.diff.added_background:
                color = self.palette.colors.dim  # a comment's own colour is too faint there
            style = Style(color=color, bgcolor=ground, italic=True if role == "comment" else None)
            self._tokens[kind, ground] = style
        return style
