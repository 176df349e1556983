"""Text from strangers: made safe for a terminal, made well-formed for JSON, made short for a window.

Different needs, a function for each. `clean` is for people's eyes and is applied at every edge where foreign text is
shown; `overt` is for models, which read what people cannot see; `well_formed` is for the wire and the disk and
changes only what UTF-8 cannot carry; `shorten` keeps head and tail."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ESCAPES = re.compile(
    r"""
    (?: \x1b\[ | \x9b ) [0-?]* [ -/]* [@-~]  # CSI
  | (?: \x1b[\]PX^_] | [\x9d\x90\x98\x9e\x9f] ) .*? (?: \x07 | \x1b\\ | \x9c )       # OSC DCS SOS PM APC
  | \x1b (?: [ -/]+ [0-~] | [0-OQ-WYZ\\`-~] )  # charsets, two characters
    """,
    re.VERBOSE | re.DOTALL,
)
_TORN = re.compile(
    r"""
    (?: (?: \x1b\[ | \x9b ) [0-?]* [ -/]*
      | (?: \x1b[\]PX^_] | [\x9d\x90\x98\x9e\x9f] ) (?: (?! \x07 | \x1b\\ | \x9c ) . )*
      | \x1b [ -/]*
      | \r
    ) \Z
    """,
    re.VERBOSE | re.DOTALL,
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200c\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
_LONE_ZWJ = re.compile("(?<![\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])\u200d")
_MARK = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_MARKS = re.compile(f"({_MARK}{{4}}){_MARK}+")
_SMUGGLED = re.compile("[\U000e0000-\U000e007f]|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{2,}")
"""Tags, which spell ASCII unseen, and variation selectors in a row, which spell bytes: one alone chooses a glyph."""
_SURROGATES = re.compile("[\ud800-\udfff]")


def clean(text: str, *, visible: bool = False) -> str:
    """Text that a terminal shows and does not obey: no escape sequence, control, bidi, tag or zero-width
    character survives (a joiner inside an emoji does); CR and CRLF become LF; tabs and line feeds stay.

    With `visible`, as in prompts and diffs, an invisible character is written out as `<U+202E>` and a control
    as `<U+001B>` instead of being removed, because there a person decides by what they see."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if visible:
        text = _CONTROLS.sub(_spell, text)
        text = _INVISIBLE.sub(_spell, text)
        text = _LONE_ZWJ.sub(_spell, text)
    else:
        text = _ESCAPES.sub("", text)
        text = _CONTROLS.sub("", text)
        text = _INVISIBLE.sub("", text)
        text = _LONE_ZWJ.sub("", text)
    return well_formed(_MARKS.sub(r"\1", text))


def one_line(text: str, *, limit: int = 200) -> str:
    """`text` cleaned and flattened for a title or a status line, at most `limit` characters."""
    flat = " ".join(clean(text, visible=True).split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "\u2026"


def spelled(text: str) -> str:
    """`text` for whoever decides by it: what cannot be seen is written out, a carriage return too, which would else
    look like the start of another line."""
    return clean(text.replace("\r", "<U+000D>"), visible=True)


def hidden(text: str) -> list[str]:
    """Every character of `text` that cannot be seen, spelled as `clean` can: `<U+202E>`. A carriage return counts: it
    hides what stands before it in its line."""
    found = (pattern.finditer(text) for pattern in (_CONTROLS, _INVISIBLE, _LONE_ZWJ))
    return [_spell(each) for matches in found for each in matches]


def overt(text: str) -> tuple[str, int]:
    """`text` without characters that no person sees and that spell words for a model, and how many went."""
    seen = _SMUGGLED.sub("", text)
    return seen, len(text) - len(seen)


def well_formed(text: str) -> str:
    """`text` with every lone surrogate replaced, so that it encodes as UTF-8."""
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)


class StreamCleaner:
    """`clean` for text that arrives in pieces: an escape sequence torn between two pieces is held back."""

    _HELD_LIMIT = 4096
    """Characters after which a sequence that never ends is taken for text."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, piece: str) -> str:
        text = _ESCAPES.sub("", self._held + piece)
        torn = _TORN.search(text)
        cut = torn.start() if torn and len(torn.group()) <= self._HELD_LIMIT else len(text)
        self._held = text[cut:]
        return clean(text[:cut])

    def flush(self) -> str:
        held, self._held = self._held, ""
        return clean(held)


def _spell(found: re.Match[str]) -> str:
    return f"<U+{ord(found.group()):04X}>"


@dataclass(frozen=True)
class Shortened:
    text: str
    omitted_lines: int
    omitted_chars: int


def shorten(text: str, limit: int) -> Shortened:
    """At most about `limit` characters of `text`: the first 60 % and the last 40 %, cut at line ends where one
    is near, with a line between them that counts what is missing. A text that fits comes back unchanged."""
    if len(text) <= limit:
        return Shortened(text, 0, 0)
    head_end = _line_end(text, limit * 6 // 10)
    tail_start = _line_start(text, len(text) - limit * 4 // 10)
    missing = text[head_end:tail_start]
    lines = missing.count("\n")
    note = f"[... {lines:,} lines, {len(missing):,} characters left out ...]"
    head, tail = text[:head_end].rstrip("\n"), text[tail_start:]
    return Shortened(f"{head}\n{note}\n{tail}", lines, len(missing))


def _line_end(text: str, at: int) -> int:
    near = text.rfind("\n", at // 2, at)
    return near + 1 if near >= 0 else at


def _line_start(text: str, at: int) -> int:
    near = text.find("\n", at, at + (len(text) - at) // 2)
    return near + 1 if near >= 0 else at
