"""A program of its own: puts one thing after the other at a path, `swap.py HZ PATH KIND KIND ...`, until it is ended.

Kinds: `file` and `dir` (what is there, or new ones), `absent`, `fifo`, `symlink:TARGET`, `hardlink:TARGET`. Prints +
once the first thing stands there. Two kinds are exchanged, so that there is always one; others take turns."""

import ctypes
import itertools
import os
import sys
import time
from pathlib import Path

_HERE = -100  # AT_FDCWD
_EXCHANGE = 2  # RENAME_EXCHANGE, Linux 3.15


def main() -> None:
    pause_s, path, kinds = 1 / float(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
    waiting = [Path(f"{path}.waits{number}") for number in range(len(kinds))]
    for kind, place in zip(kinds, waiting, strict=True):
        _make(kind, path, place)
    if len(kinds) == 2 and "absent" not in kinds:
        _exchange(path, waiting, pause_s)
    else:
        _take_turns(path, [place for place in waiting if place.exists() or place.is_symlink()], pause_s)


def _exchange(path: Path, waiting: list[Path], pause_s: float) -> None:
    rename = ctypes.CDLL(None, use_errno=True).renameat2
    one, other = os.fsencode(path), os.fsencode(waiting[1])
    waiting[0].rename(path)
    os.write(1, b"+")
    while True:
        if rename(_HERE, one, _HERE, other, _EXCHANGE):
            raise OSError(ctypes.get_errno(), "renameat2")
        time.sleep(pause_s)


def _take_turns(path: Path, waiting: list[Path], pause_s: float) -> None:
    for turn in itertools.count():
        place = waiting[turn % len(waiting)]
        _put(place, path, turn)
        if turn == 0:
            os.write(1, b"+")
        time.sleep(pause_s)
        path.rename(place)
        time.sleep(pause_s)


def _put(place: Path, path: Path, turn: int) -> None:
    """What somebody made at the path meanwhile is moved out of the way."""
    while True:
        try:
            if path.exists():
                path.rename(f"{path}.made{turn}")
            place.rename(path)
        except OSError:
            continue
        return


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
