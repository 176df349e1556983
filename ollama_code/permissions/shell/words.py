"""What bash makes of one written word, for the words of which that is certain.

A second opinion beside the grammar: it reads the characters of a word by bash's own rules of quoting, and whoever
relies on a word needs both to agree."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[A-Za-z0-9_./:=@%+,^-]")
_BACKWARDS = re.compile(r"[A-Za-z0-9_^~]")
"""Before a `~` that is only a character: `HEAD~2`. At the beginning, or after `=` and `:`, it is a directory."""
_ESCAPABLE = frozenset('$`"\\')
"""What a backslash escapes between double quotes; before anything else it stands for itself."""


class Uncertain(Exception):
    """The message is a clause for people: "it holds a *"."""


def decoded(raw: str) -> str:
    """The word that a program gets when `raw` stands in a command line, quotes and escapes resolved.
    Raises: Uncertain when bash would expand or split it, or when it is not exactly one word."""
    if not raw:
        raise Uncertain("a word is empty")
    out: list[str] = []
    at = 0
    while at < len(raw):
        match raw[at]:
            case "'":
                at = _single(raw, at, out)
            case '"':
                at = _double(raw, at, out)
            case "\\":
                at = _escaped(raw, at, out)
            case letter:
                _check_bare(raw, at)
                out.append(letter)
                at += 1
    return "".join(out)


def _single(raw: str, at: int, out: list[str]) -> int:
    end = raw.find("'", at + 1)
    if end < 0:
        raise Uncertain("a quote does not end")
    out.append(raw[at + 1 : end])
    return end + 1


def _double(raw: str, at: int, out: list[str]) -> int:
    at += 1
    while at < len(raw):
        letter = raw[at]
        if letter == '"':
            return at + 1
        if letter in "$`":
            raise Uncertain(f"bash replaces what follows the {letter} between double quotes")
        if letter == "\\" and at + 1 < len(raw):
            following = raw[at + 1]
            if following == "\n":
                raise Uncertain("a backslash joins two lines")
            out.append(following if following in _ESCAPABLE else letter + following)
            at += 2
            continue
        out.append(letter)
        at += 1
    raise Uncertain("a quote does not end")


def _escaped(raw: str, at: int, out: list[str]) -> int:
    following = raw[at + 1 : at + 2]
    if not following or following == "\n":
        raise Uncertain("a backslash joins two lines")
    out.append(following)
    return at + 2


def _check_bare(raw: str, at: int) -> None:
    letter = raw[at]
    if _PLAIN.match(letter) or (letter > "\x7f" and letter.isprintable()):
        return
    if letter == "~" and at > 0 and _BACKWARDS.match(raw[at - 1]):
        return
    raise Uncertain("bash interprets a blank" if letter.isspace() else f"bash interprets the {letter}")
