"""A program of its own: puts one thing after the other at a path, `swap.py HZ PATH KIND KIND ...`, until it is ended.

Kinds: `file` and `dir` (what is there, or new ones), `absent`, `fifo`, `symlink:TARGET`, `hardlink:TARGET`. Prints +
once the first swap is done."""

import itertools
import os
import sys
import time
from pathlib import Path


def main() -> None:
    pause_s, path, kinds = 1 / float(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
    waiting = [Path(f"{path}.waits{number}") for number in range(len(kinds))]
    for kind, place in zip(kinds, waiting, strict=True):
        _make(kind, path, place)
    for turn in itertools.count():
        here = turn % len(kinds)
        if kinds[here] != "absent":
            waiting[here].rename(path)
        if turn == 0:
            os.write(1, b"+")
        time.sleep(pause_s)
        if kinds[here] != "absent":
            path.rename(waiting[here])


def _make(kind: str, path: Path, place: Path) -> None:
    name, _, target = kind.partition(":")
    if name in ("file", "dir") and os.path.lexists(path):
        path.rename(place)
    elif name == "file":
        place.touch()
    elif name == "dir":
        place.mkdir()
    elif name == "fifo":
        os.mkfifo(place)
    elif name == "symlink":
        place.symlink_to(target)
    elif name == "hardlink":
        place.hardlink_to(target)
    elif name != "absent":
        sys.exit(f"unknown kind {kind}")


if __name__ == "__main__":
    main()
