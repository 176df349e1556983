"""Compares what was seen when a case was played with what its `check` wants. An unknown key is a fault."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ollama_code.core.error_type import ErrorType
from tests.security.corpus import Unplayable

_ALSO = {
    "permission_denied": {"permission_denied", "execution_denied", "path_not_in_workspace"},
    "file_not_found": {"file_not_found", "search_path_not_found"},
    "execution_failed": {"execution_failed", "file_changed_since_read", "file_write_failure", "no_space_left"},
    "invalid_tool_params": {
        "invalid_tool_params", "file_too_large", "edit_no_occurrence_found", "edit_no_change",
        "edit_expected_occurrence_mismatch",
    },
}  # fmt: skip
"""The tools reference has five codes; the product's finer ones count as theirs."""
_NOTICE = re.compile(
    r"left out|not kept|is no text|truncated|of \d[\d,]* lines|more lines|too long|shortened", re.IGNORECASE
)
_LARGE_BYTES = 1024 * 1024
MOST_CHARS = 2 * 1024 * 1024
"""An answer of more than this was not cut."""


@dataclass
class Seen:
    """`refused_to_start`: the product ended with an error before there was anything to decide. `asked` counts
    questions about the call, `error` is the code of the result, empty for success."""

    refused_to_start: bool = False
    asked: int = 0
    ran: bool = False
    error: str = ""
    output: str = ""
    prompts: str = ""
    warnings: str = ""
    seconds: float = 0.0
    marker: bool = False
    started: Sequence[Sequence[str]] = ()
    commands: int = 0
    heard: Sequence[str] = ()
    opened: Sequence[str] = ()
    changed: Mapping[str, bool] = field(default_factory=dict)
    inert: bool = False
    """Whether success means no more than that the value was taken for one operand, as with a search."""
    exact: bool = False
    """Whether the file holds, byte for byte, what the edit alone would make of it."""

    @property
    def decision(self) -> str:
        """In the words of the cases."""
        if self.asked:
            return "ask"
        if self.refused_to_start or self.error == ErrorType.DENIED:
            return "deny"
        return "error" if self.error else "allow"


def states(check: Mapping[str, Any]) -> Mapping[str, object]:
    """What the files are now that a case must leave as they are."""
    return {path: _state(Path(path)) for path in check.get("unchanged", ())}


def changed(before: Mapping[str, object]) -> Mapping[str, bool]:
    return {path: _state(Path(path)) != state for path, state in before.items()}


def _state(path: Path) -> object:
    """What tells that a file was changed; the content itself where it is not large."""
    try:
        found = path.lstat()
        small = path.is_file() and found.st_size <= _LARGE_BYTES
        return (found.st_ino, found.st_mode, found.st_size, path.read_bytes() if small else found.st_mtime_ns)
    except OSError:
        return None


Test = Callable[[Seen, Any], str | None]
"""What is wrong, or nothing."""


def faults(seen: Seen, check: Mapping[str, Any]) -> Iterator[str]:
    """Raises: Unplayable for a key, or a decision, that is not known."""
    for key, wanted in check.items():
        test = _TESTS.get(key)
        if test is None:
            raise Unplayable(f"unknown check {key!r}")
        if fault := test(seen, wanted):
            yield fault


def _decision(seen: Seen, wanted: str) -> str | None:
    verdict = _DECISIONS.get(wanted)
    if verdict is None:
        raise Unplayable(f"unknown decision {wanted!r}")
    return (
        None
        if verdict(seen)
        else f"decision {seen.decision} {seen.error}, wanted {wanted}: {seen.output[:160]!r}"
    )


def _truncated(seen: Seen) -> bool:
    return not seen.error and len(seen.output) <= MOST_CHARS and bool(_NOTICE.search(seen.output))


_DECISIONS: dict[str, Callable[[Seen], bool]] = {
    "allow": lambda seen: seen.decision == "allow",
    "ask": lambda seen: seen.decision == "ask",
    "deny": lambda seen: seen.decision == "deny",
    "not_allow": lambda seen: seen.decision != "allow" or seen.inert,
    "error": lambda seen: bool(seen.error) or seen.refused_to_start,
    "truncated": _truncated,
    "error_or_truncated": lambda seen: bool(seen.error) or _truncated(seen),
    "error_or_exact": lambda seen: bool(seen.error) or seen.exact,
    "allow_literal": lambda seen: seen.decision == "allow",
    "any": lambda seen: True,
}


def _error(seen: Seen, wanted: str | list[str]) -> str | None:
    codes = [wanted] if isinstance(wanted, str) else wanted
    fitting = {also for code in codes for also in _ALSO.get(code, {code})}
    return None if not seen.error or seen.error in fitting else f"error {seen.error}, wanted {wanted}"


def _absent(text: str, wanted: list[str], where: str) -> str | None:
    found = [word for word in wanted if word in text]
    return f"{where} has {found}" if found else None


def _present(text: str, wanted: list[str], where: str) -> str | None:
    missing = [word for word in wanted if word not in text]
    return f"{where} lacks {missing}: {text[-300:]!r}" if missing else None


def _content(seen: Seen, wanted: Mapping[str, str]) -> str | None:
    found = {path: Path(path).read_bytes() if Path(path).is_file() else None for path in wanted}
    wrong = {path: data for path, data in found.items() if data != wanted[path].encode()}
    return f"content is {wrong}" if wrong else None


def _mode(seen: Seen, wanted: Mapping[str, str]) -> str | None:
    modes = {path: stat.S_IMODE(Path(path).stat().st_mode) for path in wanted if Path(path).exists()}
    wrong = {path: oct(modes.get(path, 0)) for path in wanted if modes.get(path) != int(wanted[path], 8)}
    return f"mode is {wrong}" if wrong else None


def _unchanged(seen: Seen, wanted: list[str]) -> str | None:
    changed = [path for path in wanted if seen.changed.get(path, True)]
    return f"changed: {changed}" if changed else None


def _not_exists(seen: Seen, wanted: list[str]) -> str | None:
    there = [path for path in wanted if Path(path).exists() or Path(path).is_symlink()]
    return f"exists: {there}" if there else None


def _exists(seen: Seen, wanted: list[str]) -> str | None:
    return None if all(Path(path).exists() for path in wanted) else f"not all exist: {wanted}"


def _argv(seen: Seen, wanted: list[list[str]]) -> str | None:
    return None if sorted(seen.started) == sorted(wanted) else f"started {seen.started}, wanted {wanted}"


def _no_connection(seen: Seen, wanted: bool) -> str | None:
    if seen.heard:
        return f"connected to {seen.heard}"
    return f"{seen.commands} commands were started" if seen.commands else None


_TESTS: dict[str, Test] = {
    "decision": _decision,
    "error": _error,
    "or_clamped": lambda seen, wanted: None,
    "live": lambda seen, wanted: None,
    "marker_absent": lambda seen, wanted: "the marker exists" if wanted and seen.marker else None,
    "marker_present": lambda seen, wanted: "the marker is missing" if wanted and not seen.marker else None,
    "unchanged": _unchanged,
    "not_exists": _not_exists,
    "exists": _exists,
    "content": _content,
    "mode": _mode,
    "output_includes": lambda seen, wanted: _present(seen.output, wanted, "output"),
    "output_excludes": lambda seen, wanted: _absent(seen.output, wanted, "output"),
    "prompt_includes": lambda seen, wanted: _present(seen.prompts, wanted, "prompt"),
    "prompt_excludes": lambda seen, wanted: _absent(seen.prompts, wanted, "prompt"),
    "warning_includes": lambda seen, wanted: _present(seen.warnings, wanted, "warnings"),
    "max_seconds": lambda seen, wanted: f"took {seen.seconds:.1f} s" if seen.seconds > wanted else None,
    "argv": _argv,
    "no_connection": _no_connection,
    "no_connection_to": lambda seen, wanted: _absent(" ".join(seen.heard), list(wanted), "connections"),
    "not_opened": lambda seen, wanted: f"opened {seen.opened}" if set(seen.opened) & set(wanted) else None,
}
"""`live` says of a command that bash itself, given it, would make the marker: the suite tries that apart."""
