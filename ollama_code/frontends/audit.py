"""`ollama-code audit`: reads what was decided and run, a line each, newest last."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from ollama_code.core.errors import UsageError
from ollama_code.core.text import one_line
from ollama_code.paths import Home
from ollama_code.storage.audit import Line, read_audit

_SHOWN = 50
_WHAT_CHARS = 100
_HEADER = frozenset(("time", "session", "caller", "directory", "sandbox", "client", "what"))


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ollama-code audit",
        description="What was decided and what ran, on this machine and for this user. Filters add up.",
    )
    add = parser.add_argument
    add("-n", type=int, default=_SHOWN, metavar="N", help=f"the last N lines, 0 for all (default: {_SHOWN})")
    add("--since", metavar="DAY", help="from this day on: 2026-11-21, or 7 for the last seven days")
    add("--decision", choices=("allow", "deny"), help="only these decisions")
    add("--by", choices=("person", "policy", "nobody", "typed"), help="only what these decided")
    add("--tool", metavar="NAME", help="only this tool")
    add("--caller", metavar="NAME", help="only this front end: tui, plain, headless or proxy")
    add("--session", metavar="ID", help="only this session")
    add("--here", action="store_true", help="only this folder")
    add("--json", action="store_true", help="the lines as they are in the log")
    return parser


def run_audit(argv: Sequence[str]) -> int:
    """The exit code. Raises: UsageError."""
    asked = parser().parse_args(argv)
    folder = Home.of(dict(os.environ)).audit
    try:
        rows = _wanted(read_audit(folder, _day(asked.since)), asked)
        last = deque(rows, maxlen=asked.n) if asked.n > 0 else list(rows)
    except OSError as e:
        raise UsageError(f"The audit log in {folder} cannot be read: {e.strerror or e}.") from e
    for row in last:
        print(json.dumps(row) if asked.json else spoken(row))
    if not last:
        print(f"Nothing of that is in {folder}.", file=sys.stderr)
    return 0


def spoken(row: Line) -> str:
    """One line for people: when, who, what was decided by whom, on what, and why. Safe for a terminal."""
    begin = (_local(str(row.get("time", ""))), f"{_text(row, 'caller'):<8}")
    match row.get("what"):
        case "decided":
            verdict = f"{_text(row, 'verdict'):<5} by {_text(row, 'by'):<6}"
            parts = (*begin, verdict, _subject(row), *_kept(row), *_because(row))
        case "ran":
            ended = f"{_text(row, 'outcome')}, {_text(row, 'duration_s')} s in all"
            told = f", told {size:,} bytes" if isinstance(size := row.get("result_bytes"), int) else ""
            parts = (*begin, f"{'ran':<15}", f"{_text(row, 'tool')}: {ended}{told}")
        case what:
            rest = (f"{name}={_text(row, name)}" for name in row if name not in _HEADER)
            parts = (*begin, f"{one_line(str(what)):<15}", *rest)
    return "  ".join(parts)


def _subject(row: Line) -> str:
    scopes = row.get("scopes")
    if isinstance(scopes, list) and scopes:
        return one_line(", ".join(map(str, scopes)), limit=_WHAT_CHARS)
    return one_line(f"{row.get('tool', '')} {row.get('arguments', '')}", limit=_WHAT_CHARS)


def _kept(row: Line) -> Iterator[str]:
    if remembered := row.get("remember"):
        yield f"[granted for the {one_line(str(remembered))}]"


def _because(row: Line) -> Iterator[str]:
    cautions = row.get("cautions")
    reasons = [row.get("why"), *(cautions if isinstance(cautions, list) else ())]
    if said := "; ".join(dict.fromkeys(str(reason) for reason in reasons if reason)):
        yield f"({one_line(said, limit=_WHAT_CHARS)})"


def _text(row: Line, name: str) -> str:
    return one_line(str(row.get(name, "")))


def _local(time: str) -> str:
    try:
        return datetime.fromisoformat(time).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return one_line(time, limit=19)


def _wanted(rows: Iterable[Line], asked: argparse.Namespace) -> Iterator[Line]:
    """Those that every filter lets through."""
    filters = {
        "verdict": asked.decision,
        "by": asked.by,
        "tool": asked.tool,
        "caller": asked.caller,
        "session": asked.session,
        "directory": str(Path.cwd()) if asked.here else None,
    }
    wanted = {name: value for name, value in filters.items() if value is not None}
    return (row for row in rows if all(row.get(name) == value for name, value in wanted.items()))


def _day(given: str | None) -> date | None:
    if given is None:
        return None
    if given.isdecimal() and len(given) < 5:
        return (datetime.now(UTC) - timedelta(days=int(given))).date()
    try:
        return date.fromisoformat(given)
    except ValueError as e:
        raise UsageError(f'--since is a day such as 2026-11-21, or a number of days; not "{given}".') from e
