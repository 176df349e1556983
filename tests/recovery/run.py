"""Runs the recovery ladder on a file of recorded turns: `python tests/recovery/run.py FILE.jsonl`.

Prints one line per failed result, then `invented: N, misnamed: N` and `N passed, N failed`; exits 1 on a failure."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.recovery.corpus import Result, results


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python tests/recovery/run.py FILE.jsonl", file=sys.stderr)
        return 2
    done: list[Result] = []
    for line in Path(arguments[0]).read_text(encoding="utf-8").split("\n"):
        if line.strip():
            done += _judged(line)
    failed = [result for result in done if result.faults]
    for result in failed:
        print(f"{result.id} ({result.reading}): {'; '.join(result.faults)}")
    print(f"invented: {sum(r.invented for r in done)}, misnamed: {sum(r.misnamed for r in done)}")
    print(f"{len(done) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


def _judged(line: str) -> list[Result]:
    """The results of one case; a case that cannot be read fails instead of ending the run."""
    try:
        case = json.loads(line)
        return list(results(case))
    except (ValueError, KeyError, TypeError) as e:
        return [Result(line[:60], "unreadable", [f"{type(e).__name__}: {e}"])]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
