"""Patterns of file names: `*`, `?`, `[...]`, `**` and braces, compared without regard to case.

A pattern speaks about what lies beneath one directory; one that climbs out of it is refused."""

from __future__ import annotations

import re

from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError

_MAGIC = re.compile(r"[*?\[\]{}\\]")
_DIVIDERS = re.compile(r"[/{},]")
_LONGEST = 1000
_MOST_BRACES = 500
"""Alternatives a pattern may expand to."""
_LIMIT_S = 1.0
"""For one name. `regex` needs microseconds; only a pattern made for it can take long."""


class GlobPattern:
    """`hidden` lets wildcards match names that begin with a dot; without it a dot has to be written."""

    def __init__(self, pattern: str, *, hidden: bool = False) -> None:
        """Raises: ToolError(INVALID_PARAMS)."""
        # 2 MB and 20 ms, for a start that looks for no file yet.
        import regex
        from wcmatch import glob
        from wcmatch._wcparse import PatternLimitException  # raised by translate, exported nowhere else

        self.text = _plain(pattern)
        flags = glob.GLOBSTAR | glob.BRACE | glob.IGNORECASE | glob.FORCEUNIX
        flags |= glob.DOTGLOB if hidden else 0
        try:
            positive, _ = glob.translate(self.text, flags=flags, limit=_MOST_BRACES)
            self._pattern = regex.compile("|".join(f"(?:{one})" for one in positive))
        except (PatternLimitException, regex.error, ValueError) as error:
            raise ToolError(
                f"The glob {pattern!r} cannot be read: {error}. Use a simpler one, such as `src/**/*.py`.",
                ErrorType.INVALID_PARAMS,
            ) from error
        self._hidden = hidden or any(part.startswith(".") for part in _DIVIDERS.split(self.text))
        self._parents = _literal_parents(self.text)

    @classmethod
    def anywhere(cls, pattern: str) -> GlobPattern:
        """As a filter reads it: a pattern without `/` speaks about the file's own name, at any depth."""
        inner = pattern.strip()
        return cls(inner if "/" in inner.rstrip("/") else f"**/{inner}", hidden=True)

    def matches(self, path: str) -> bool:
        """A file that is called exactly like the pattern matches too: `app/[id]/page.tsx`."""
        if path == self.text:
            return True
        try:
            return self._pattern.fullmatch(path, timeout=_LIMIT_S, concurrent=True) is not None
        except TimeoutError:
            return False

    def may_reach(self, directory: str) -> bool:
        """False when no path below `directory` can match."""
        parts = directory.split("/")
        if not self._hidden and any(part.startswith(".") for part in parts):
            return False
        return all(part.casefold() == wanted for part, wanted in zip(parts, self._parents, strict=False))


def split_absolute(pattern: str) -> tuple[str, str]:
    """`/proj/src/**/*.py` as the directory `/proj/src` and the rest. `pattern` begins with `/` or `~`."""
    parts = pattern.split("/")
    fixed = next((i for i, part in enumerate(parts) if _MAGIC.search(part)), len(parts) - 1)
    fixed = min(fixed, len(parts) - 1)
    return "/".join(parts[:fixed]) or "/", "/".join(parts[fixed:])


def _plain(pattern: str) -> str:
    text = pattern.strip()
    while text.startswith("./"):
        text = text[2:].lstrip("/")
    if text.endswith("/"):
        text += "**"
    if not text.strip("/") or len(text) > _LONGEST:
        raise ToolError(
            f"A glob has 1 to {_LONGEST} characters, such as `**/*.py`.", ErrorType.INVALID_PARAMS
        )
    if text.startswith(("/", "~")) or ".." in _DIVIDERS.split(text):
        raise ToolError(
            f"The glob {pattern!r} leads out of the directory that is searched. Write it without `..` and give"
            " the directory as `path`.",
            ErrorType.INVALID_PARAMS,
        )
    return text


def _literal_parents(text: str) -> tuple[str, ...]:
    """The folders, casefolded, that every match lies in."""
    parents = text.split("/")[:-1]
    fixed = next((i for i, part in enumerate(parents) if _MAGIC.search(part)), len(parents))
    # Braces may hold slashes, so nothing behind the first brace is certain; `_MAGIC` has stopped there.
    return tuple(part.casefold() for part in parents[:fixed])
