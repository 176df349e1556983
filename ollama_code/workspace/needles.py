"""What a text must contain for a pattern to match it, read off the pattern itself.

Only a shortcut: `None` means that nothing certain can be said. Every needle is plain ASCII, so it stands as the
same bytes in UTF-8, Latin-1 and their kin, and finding none of them proves that nothing matches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SHORTEST = 2
_MOST = 30
_REPEAT = re.compile(r"\{[0-9]*,?[0-9]*\}[?+]?|[*?+][?+]?")
_PLAIN_BRACE = re.compile(r"\{(?![\w\s<=>+,}])")
"""One that begins neither a count nor the bounds of a fuzzy match."""
_GROUP = re.compile(r"\(\?(?::|=|!|<=|<!|P?<[A-Za-z_]\w*>)|\((?![?*])")
_CLASS = re.compile(r"\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]", re.DOTALL)
_SIGNS = {")": "close", "|": "or", "^": "any", "$": "any", ".": "any"}
_KNOWN_ESCAPES = frozenset("wWdDsSbBAZzntrfv")
_FOLDED_BEYOND_ASCII = frozenset("iksIKS")
"""Without regard to case these also match a character outside ASCII: a dotted capital I, the Kelvin sign and
the long s."""


@dataclass(frozen=True)
class _Token:
    """`text` is a plain character, or "" for something whose text is not known."""

    kind: str
    text: str = ""


def needles(pattern: str, *, case_sensitive: bool) -> tuple[str, ...] | None:
    """A matching text contains at least one of these. The pattern is a valid one of the `regex` module."""
    tokens = _tokens(pattern)
    if not tokens:
        return None
    best = [max(runs, key=len) for runs in _alternatives(tokens, case_sensitive=case_sensitive)]
    if len(best) > _MOST or min(map(len, best)) < _SHORTEST:
        return None
    return tuple(dict.fromkeys(best))


def _alternatives(tokens: list[_Token], *, case_sensitive: bool) -> Iterator[list[str]]:
    """For each branch of the outermost `|`: the runs of plain characters that stand in every match of it."""
    depth = 0
    runs = [""]
    for token, following in zip(tokens, [*tokens[1:], _Token("end")], strict=True):
        depth += (token.kind == "open") - (token.kind == "close")
        if depth or token.kind == "close":
            runs.append("")
        elif token.kind == "or":
            yield runs
            runs = [""]
        elif token.kind == "plain" and following.kind != "repeat" and _certain(token.text, case_sensitive):
            runs[-1] += token.text
        else:
            runs.append("")
    yield runs


def _certain(character: str, case_sensitive: bool) -> bool:
    return character.isascii() and (case_sensitive or character not in _FOLDED_BEYOND_ASCII)


def _tokens(pattern: str) -> list[_Token] | None:
    """`None` for anything this does not know for sure: flags, fuzzy matches, conditions, verbs."""
    tokens: list[_Token] = []
    at = 0
    while at < len(pattern):
        token, length = _token(pattern, at)
        if not length:
            return None
        tokens.append(token)
        at += length
    return tokens


def _token(pattern: str, at: int) -> tuple[_Token, int]:
    """The token at `at` and its length, 0 when it is not known."""
    character = pattern[at]
    if character == "\\":
        return _escape(pattern[at + 1 : at + 2])
    if character == "[":
        return _measured("any", _CLASS.match(pattern, at))
    if character == "(":
        return _measured("open", _GROUP.match(pattern, at))
    if character == "{" and (brace := _PLAIN_BRACE.match(pattern, at)):
        return _measured("any", brace)
    if character in "*+?{":
        return _measured("repeat", _REPEAT.match(pattern, at))
    if character in _SIGNS:
        return _Token(_SIGNS[character]), 1
    return _Token("plain", character), 1


def _escape(character: str) -> tuple[_Token, int]:
    if character in _KNOWN_ESCAPES:
        return _Token("any"), 2
    if not character or character.isalnum():
        return _Token(""), 0
    return _Token("plain", character), 2


def _measured(kind: str, found: re.Match[str] | None) -> tuple[_Token, int]:
    return _Token(kind), found.end() - found.start() if found else 0
