"""Code in colours, one line at a time: what a line looks like depends only on the lines before it, so a fence that
streams ends exactly as one that was there at once. Bounded: very long lines and very long files stay plain."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Protocol

from rich.style import Style

from ollama_code.frontends.tui.transcript.ink import Ink
from ollama_code.frontends.tui.transcript.line import Span, Spans

LONGEST_LINE = 1000
"""Characters; a longer line is left plain."""
MOST_LINES = 3000
"""Lines of one piece of code that are coloured; the rest is left plain."""
_OPENING_CHARS = 2000
_COMMENT = "Comment.Multiline"


class Lexer(Protocol):
    """What is used of Pygments' lexers."""

    def get_tokens(self, text: str) -> Iterator[tuple[object, str]]: ...


class Highlighter:
    """Colours the lines of one piece of code in order. Remembers the line that opened a string or comment that is
    still open, and reads the next line after it: enough for a lexer to know where it is."""

    def __init__(self, lexer: Lexer | None, ink: Ink, ground: str) -> None:
        self._lexer = lexer
        self._ink = ink
        self.ground = ground
        """Background of the lines from here on, `#rrggbb`."""
        self._opening = ""
        self._closing = ""
        self._lines = 0

    def line(self, text: str) -> Spans:
        """The next line, without its line feed."""
        self._lines += 1
        if self._lexer is None or len(text) > LONGEST_LINE or self._lines > MOST_LINES:
            return self._bare(text)
        tokens, end = self._read(text)
        self._follow(text, tokens, end)
        return self._spans(text, tokens)

    def peek(self, text: str) -> Spans:
        """A line that is still being written: coloured, not remembered."""
        if self._lexer is None or len(text) > LONGEST_LINE or self._lines >= MOST_LINES:
            return self._bare(text)
        return self._spans(text, self._read(text)[0])

    def _bare(self, text: str) -> Spans:
        return ((text, self._ink.token("", self.ground)),) if text else ()

    def _read(self, text: str) -> tuple[list[tuple[str, str]], str]:
        """The line's tokens as (type, text), and the type of the token that its line feed belongs to."""
        assert self._lexer is not None
        closing = self._closing if self._closing not in text else ""
        skip = len(self._opening)
        found: list[tuple[str, str]] = []
        end, at, stop = "", 0, skip + len(text)
        for kind, value in self._lexer.get_tokens(f"{self._opening}{text}{closing}\n"):
            start, at = at, at + len(value)
            name = str(kind).removeprefix("Token.")
            if start <= stop < at:
                end = name
            if at > skip and start < stop:
                found.append((name, value[max(0, skip - start) : stop - start]))
        return found, end

    def _follow(self, text: str, tokens: list[tuple[str, str]], end: str) -> None:
        if self._closing:
            if self._closing not in text:
                return
            self._opening = self._closing = ""
        elif end.startswith("Literal.String") or end == _COMMENT:
            moved = any(kind != end for kind, _ in tokens)
            if not self._opening or (moved and len(self._opening) + len(text) < _OPENING_CHARS):
                self._opening += f"{text}\n"
            return
        else:
            self._opening = ""
        if text.rfind("/*") > text.rfind("*/") and self._ends_in_comment(text):
            self._opening, self._closing = "/*", "*/"

    def _ends_in_comment(self, text: str) -> bool:
        """Lexers match `/* ... */` whole, so an open one shows only once it is closed."""
        assert self._lexer is not None
        kinds = [str(kind) for kind, value in self._lexer.get_tokens(f"{text}*/\n") if value.strip()]
        return bool(kinds) and kinds[-1] == f"Token.{_COMMENT}"

    def _spans(self, text: str, tokens: list[tuple[str, str]]) -> Spans:
        merged: list[Span] = []
        last: Style | None = None
        for kind, value in tokens:
            style = self._ink.token(kind, self.ground)
            if style is last:
                merged[-1] = (merged[-1][0] + value, style)
            else:
                merged.append((value, style))
                last = style
        return tuple(merged) if "".join(value for value, _ in merged) == text else self._bare(text)


@lru_cache(maxsize=64)
def lexer_named(language: str) -> Lexer | None:
    """Pygments' lexer for the word after a fence, or None. Loaded on first use: not before the first paint."""
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    if not language:
        return None
    try:
        found: Lexer = get_lexer_by_name(language.lower(), stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
    return found


@lru_cache(maxsize=64)
def lexer_for(path: str) -> Lexer | None:
    """Pygments' lexer for a file's name, or None."""
    from pygments.lexers import get_lexer_for_filename
    from pygments.util import ClassNotFound

    try:
        found: Lexer = get_lexer_for_filename(path, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
    return found
