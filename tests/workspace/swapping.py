"""An attacker: a thread that keeps exchanging two names for as long as the block runs."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


@contextmanager
def swapping(name: Path, evil: Path) -> Iterator[None]:
    """`name` is now what it was, now what `evil` was, and never missing; in the end what it was."""
    if sys.platform != "linux":
        pytest.skip("exchanging two names at once is Linux's renameat2")
    stop = threading.Event()
    exchange = ctypes.CDLL(None).renameat2

    def swap() -> None:
        while not stop.is_set():
            for _ in range(2):
                assert (
                    exchange(_AT_FDCWD, os.fsencode(name), _AT_FDCWD, os.fsencode(evil), _RENAME_EXCHANGE)
                    == 0
                )

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
