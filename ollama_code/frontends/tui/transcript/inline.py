"""What stands within a paragraph of markdown (emphasis, code, links, pictures) to styled lines, independent of any
width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.style import Style

from ollama_code.core.text import clean, one_line
from ollama_code.frontends.tui.transcript.ink import Ink
from ollama_code.frontends.tui.transcript.line import Line, Link, Span

if TYPE_CHECKING:
    from markdown_it.token import Token

REFLOW_FROM = 60
"""A source line this long was broken to fit a width, so its line feed is a space; after a shorter one it is meant."""


def inline(tokens: list[Token], style: Style, ink: Ink) -> list[Line]:
    """The lines of a paragraph: more than one only where a line break is meant."""
    run = _Run(style, ink)
    for token in tokens:
        run.take(token)
    return run.done()


class _Run:
    """Inline tokens on their way to lines: the style in force and the link that is open."""

    def __init__(self, style: Style, ink: Ink) -> None:
        self._ink = ink
        self._styles = [style]
        self._lines: list[Line] = []
        self._spans: list[Span] = []
        self._links: list[Link] = []
        self._size = 0
        self._open: tuple[int, str] | None = None

    def take(self, token: Token) -> None:
        match token.type:
            case "text":
                self._put(_shown(token.content), self._styles[-1])
            case "code_inline":
                self._put(_shown(token.content), self._styles[-1] + self._ink.code_inline)
            case "softbreak" if self._size >= REFLOW_FROM:
                self._put(" ", self._styles[-1])
            case "softbreak" | "hardbreak":
                self._break()
            case "image":
                self._put(f"[image: {one_line(token.content)}]", self._styles[-1])
                self._put(f" ({one_line(str(token.attrs.get('src', '')), limit=400)})", self._ink.dim)
            case "link_open":
                self._styles.append(self._styles[-1] + self._ink.link)
                self._open = (self._size, one_line(str(token.attrs.get("href", "")), limit=2000))
            case "link_close":
                self._styles.pop()
                self._close_link()
            case "strong_open":
                self._styles.append(self._styles[-1] + self._ink.bold)
            case "em_open":
                self._styles.append(self._styles[-1] + self._ink.emphasis)
            case "s_open":
                self._styles.append(self._styles[-1] + self._ink.struck)
            case "strong_close" | "em_close" | "s_close":
                self._styles.pop()
            case _:
                self._put(_shown(token.content), self._styles[-1])

    def done(self) -> list[Line]:
        self._break()
        return self._lines

    def _put(self, text: str, style: Style) -> None:
        if text:
            self._spans.append((text, style))
            self._size += len(text)

    def _break(self) -> None:
        self._lines.append(Line(tuple(self._spans), links=tuple(self._links)))
        self._spans, self._links, self._size = [], [], 0
        if self._open:
            self._open = (0, self._open[1])

    def _close_link(self) -> None:
        if self._open is None:
            return
        start, target = self._open
        self._open = None
        words = "".join(text for text, _ in self._spans)[start:]
        self._links.append(Link(start, self._size, target))
        if target and target not in (words, f"mailto:{words}"):
            self._put(f" ({target})", self._ink.dim)


def _shown(text: str) -> str:
    """Text of a token: an entity such as `&#x202e;` must not bring back what was cleaned away."""
    return text if text.isascii() and text.isprintable() else clean(text)
