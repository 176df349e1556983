"""Plays a file of attacks against the product: `python tests/security/run.py FILE.jsonl [--area A]`.

Prints one line per failed case and `N passed, N failed` last; exits 1 on a failure."""

from __future__ import annotations

import argparse
import sys
from io import TextIOWrapper
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.security.corpus import Case, Unplayable, read_lines
from tests.security.judge import faults


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="run.py", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--area", help="only the cases of this area")
    wishes = parser.parse_args(arguments)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    passed = failed = 0
    for line in read_lines(wishes.file):
        id, area, found = _judged(line, wishes.area)
        if wishes.area and area != wishes.area:
            continue
        if found:
            print(f"{id} ({area}): {'; '.join(found)}", flush=True)
        passed, failed = passed + (not found), failed + bool(found)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def _judged(line: str, only: str | None) -> tuple[str, str, list[str]]:
    """Id, area and faults of one case; a case that cannot be read or crashes fails instead of ending the run."""
    try:
        case = Case.parse(line)
    except (ValueError, KeyError, TypeError, Unplayable) as e:
        return line[:60], only or "unreadable", [f"{type(e).__name__}: {e}"]
    if only and case.area != only:
        return case.id, case.area, []
    try:
        return case.id, case.area, faults(case)
    except Exception as e:
        return case.id, case.area, [f"{type(e).__name__}: {e}"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
