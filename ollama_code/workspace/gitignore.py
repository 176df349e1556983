"""One line of an ignore file, read as gitignore(5) has it, and asked about one entry at a time.

pathspec answers for whole trees of files; a walk asks about a directory before it goes in, and there the two
differ (`foo/**` with `!foo/kept` after it)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_MOST_STARS = 6
"""A hostile line of many `*` takes exponential time to match; no real one has so many. Such lines are skipped."""
_STARS = re.compile(r"\*+")
_CLASS = re.compile(r"\[(?P<not>[!^]?)(?P<body>\]?(?:\\.|\[:\w+:\]|[^\]\\])*)\]", re.DOTALL)
_MEMBER = re.compile(r"\[:(?P<named>\w+):\]|(?P<range>-)|\\?(?P<plain>.)", re.DOTALL)
_NAMED = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": " \\t",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@\\[-`{-~",
    "space": "\\s",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}


@dataclass(frozen=True)
class IgnoreLine:
    """`ignores` is false for a line that begins with `!`."""

    ignores: bool
    directories_only: bool
    whole_path: bool
    """Compared with the path from the ignore file on; else with the bare name, at any depth."""
    pattern: re.Pattern[str]

    def names(self, parents: str, name: str, *, directory: bool) -> bool:
        """Whether it speaks of `name`, which lies in `parents`: "" or "src/api/", from the ignore file on."""
        if self.directories_only and not directory:
            return False
        return self.pattern.fullmatch(parents + name if self.whole_path else name) is not None


def ignore_lines(text: str) -> Iterator[IgnoreLine]:
    """Comments, empty lines and lines that git could not read either are passed over."""
    for line in text.split("\n"):
        if parsed := _parsed(line.removesuffix("\r")):
            yield parsed


def _parsed(line: str) -> IgnoreLine | None:
    if line.startswith("#"):
        return None
    text = _without_trailing_spaces(line)
    ignores = not text.startswith("!")
    text = text if ignores else text[1:]
    directories_only = text.endswith("/")
    text = text.removesuffix("/")
    pattern = _pattern(text.removeprefix("/"))
    return pattern and IgnoreLine(ignores, directories_only, "/" in text, pattern)


def _without_trailing_spaces(line: str) -> str:
    text = line.rstrip(" ")
    escapes = len(text) - len(text.rstrip("\\"))
    return f"{text} " if escapes % 2 and text != line else text


def _pattern(text: str) -> re.Pattern[str] | None:
    if not text or len(_STARS.findall(text)) > _MOST_STARS:
        return None
    try:
        return re.compile("".join(_pieces(text)), re.DOTALL)
    except (re.error, ValueError):
        return None


def _pieces(text: str) -> Iterator[str]:
    """Raises: ValueError for a class without end, a backslash at the end and an unknown named class."""
    at = 0
    while at < len(text):
        match text[at]:
            case "*":
                piece, at = _stars(text, at)
            case "?":
                piece, at = "[^/]", at + 1
            case "[":
                piece, at = _class(text, at)
            case "\\":
                if at + 1 == len(text):
                    raise ValueError("a backslash at the end")
                piece, at = re.escape(text[at + 1]), at + 2
            case plain:
                piece, at = re.escape(plain), at + 1
        yield piece


def _stars(text: str, at: int) -> tuple[str, int]:
    """`**` spans folders only where it stands alone between slashes."""
    end = at
    while text[end : end + 1] == "*":
        end += 1
    alone = end - at > 1 and text[at - 1 : at] in ("", "/") and text[end : end + 1] in ("", "/")
    if not alone:
        return "[^/]*", end
    return (".*", end) if end == len(text) else ("(?:.*/)?", end + 1)


def _class(text: str, at: int) -> tuple[str, int]:
    found = _CLASS.match(text, at)
    if found is None:
        raise ValueError("a class without end")
    members = "".join(_members(found["body"]))
    return f"(?!/)[{'^' if found['not'] else ''}{members}]", found.end()


def _members(body: str) -> Iterator[str]:
    for member in _MEMBER.finditer(body):
        if member["named"]:
            if member["named"] not in _NAMED:
                raise ValueError("an unknown named class")
            yield _NAMED[member["named"]]
        elif member["range"]:
            yield "-" if 0 < member.start() < len(body) - 1 else "\\-"
        else:
            yield re.escape(member["plain"])
