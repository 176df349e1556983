"""Where a path leads and how far that is from home. Looks at links, opens nothing.

A path is judged by where it really leads: a link inside the workspace that points out of it is outside, and a
folder beside the workspace whose name merely begins like it is outside too."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Protocol

from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.core.text import well_formed
from ollama_code.ports import Place
from ollama_code.workspace.guarded import OWN_NAME, against_reading, against_writing

_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LONGEST_BYTES = 4096
"""PATH_MAX of Linux; longer paths cannot be opened by name anywhere."""

_LOOKS = 64
"""Python before 3.13 looks at a link twice and fails when it was replaced in between."""

_OWN_RECORD = "it is this program's own record"


class _Why(Protocol):
    def __call__(self, path: str, *, below_home: str = "") -> str: ...


@dataclass(frozen=True)
class Territory:
    """The directories tools may work in, all absolute and resolved: `root` is the workspace, `extra` were added
    by the person, `read_only` are the program's own that tools may read without asking. `own` is the program's
    folder, guarded as `~/.ollama-code` is wherever it was put."""

    root: str
    extra: tuple[str, ...]
    read_only: tuple[str, ...]
    home: str
    own: str = ""

    def locate(self, path: str) -> Place:
        """The contract of `Workspace.locate`. `~` is the home directory, `..` is taken away by name before any
        link is followed, and what does not exist yet is resolved as far as it does."""
        asked = self._absolute(path)
        real = _real(asked, path)
        inside = self.owner(real) is not None
        own_record = any(below(real, directory) for directory in self.read_only)
        return Place(
            path=real,
            shown=well_formed(below(real, self.root) or real),
            inside=inside,
            readable=inside or own_record,
            write_guard=self._guard(against_writing, asked, real) or (_OWN_RECORD if own_record else ""),
            read_guard=self._guard(against_reading, asked, real),
            strays=not inside and self.owner(asked) is not None,
        )

    def owner(self, path: str) -> str | None:
        """The innermost of root and extra directories that holds the resolved `path`."""
        holders = [directory for directory in (self.root, *self.extra) if below(path, directory)]
        return max(holders, key=len, default=None)

    def _absolute(self, path: str) -> str:
        if not path.strip():
            raise ToolError("The path is empty. Give the path of a file.", ErrorType.INVALID_PARAMS)
        if _UNFIT.search(path):
            raise ToolError(
                f"The path {path!r} holds control characters or broken text. Give a plain path.",
                ErrorType.INVALID_PARAMS,
            )
        if path == "~" or path.startswith("~/"):
            path = f"{self.home}/{path[2:]}"
        joined = path if path.startswith("/") else f"{self.root}/{path}"
        if len(os.fsencode(joined)) > _LONGEST_BYTES:
            raise ToolError(
                f"The path is longer than {_LONGEST_BYTES} bytes: no file can have it.",
                ErrorType.INVALID_PARAMS,
            )
        # POSIX keeps exactly two leading slashes apart from one; nobody means that.
        return os.path.normpath(f"/{joined.lstrip('/')}")

    def _guard(self, why: _Why, asked: str, real: str) -> str:
        """A link is guarded when either its own name or its target is."""
        for path in (asked, real):
            counted = below(path, self.owner(path) or "/") or path
            at_home = below(path, self.home) or ""
            if self.own and (inner := below(path, self.own)) is not None:
                counted = at_home = f"{OWN_NAME}/{inner}"
            reason = why(counted, below_home=at_home)
            if reason:
                return reason
        return ""


def below(path: str, directory: str) -> str | None:
    """`path` as seen from `directory` (`.` for itself), or `None` when it is not in there. Both absolute;
    whole parts are compared, so `/work-old` is not below `/work`."""
    whole, start = PurePosixPath(path), PurePosixPath(directory)
    return str(whole.relative_to(start)) if whole.is_relative_to(start) else None


def _real(asked: str, path: str) -> str:
    try:
        for _ in range(_LOOKS):
            with suppress(OSError):
                return os.path.realpath(asked)
    except RecursionError as error:
        raise ToolError(
            f"{path} goes through too many symbolic links to follow.", ErrorType.PERMISSION_DENIED
        ) from error
    raise ToolError(
        f"The links on the way to {path} change all the time. Wait for what changes them, then try again.",
        ErrorType.PERMISSION_DENIED,
    )
