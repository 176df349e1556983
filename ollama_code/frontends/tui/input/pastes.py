"""Big pastes as short stand-ins, so that 10 MB cost the editor some twenty characters.

Pure: text in, text out. What was pasted is given back as it was, but for control characters."""

from __future__ import annotations

import re

FOLD_LINES = 8
FOLD_CHARS = 1000
"""A paste with more lines or more characters is folded."""

_STAND_IN = re.compile(r"\[pasted [\d,]+ (?:lines|characters) #\d+\]")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_OTHER_BREAKS = re.compile("[\u2028\u2029]")
"""The editor would take these for line feeds; folded they stay what they are."""


def typed(text: str) -> str:
    """Text from a clipboard without control characters; CR and CRLF, which terminals send, are line feeds."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


class Pastes:
    """The pastes of one draft by their stand-ins, such as `[pasted 312 lines #1]`."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._count = 0

    def collapse(self, text: str, *, beside: str = "") -> str:
        """What to put into the draft for the pasted `text`. `beside` is the draft, whose words a new stand-in
        must not repeat."""
        small = _lines(text) <= FOLD_LINES and len(text) <= FOLD_CHARS
        if small and not self.spans(text) and not _OTHER_BREAKS.search(text):
            return text
        stand_in = self._name(text)
        while stand_in in beside or stand_in in self._texts:
            stand_in = self._name(text)
        self._texts[stand_in] = text
        return stand_in

    def expand(self, draft: str) -> str:
        """`draft` with each stand-in replaced by its paste."""
        return _STAND_IN.sub(lambda found: self._texts.get(found.group(), found.group()), draft)

    def spans(self, line: str) -> list[tuple[int, int]]:
        """Where stand-ins begin and end in `line`."""
        found = _STAND_IN.finditer(line) if self._texts else ()
        return [match.span() for match in found if match.group() in self._texts]

    def clear(self) -> None:
        """Forget the pastes. Numbers go on, so that a stand-in never means two things."""
        self._texts.clear()

    def _name(self, text: str) -> str:
        self._count += 1
        lines = _lines(text)
        size = f"{lines:,} lines" if lines > 1 else f"{len(text):,} characters"
        return f"[pasted {size} #{self._count}]"


def _lines(text: str) -> int:
    return text.count("\n") + (not text.endswith("\n"))
