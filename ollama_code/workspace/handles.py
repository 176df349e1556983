"""A directory held open for the length of a block, so that what is in it is reached from there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from ollama_code.workspace.confine import Anchor, Slot


@contextmanager
def held(slot: Slot) -> Iterator[int]:
    """Raises: OSError, ELOOP for a link."""
    fd = slot.open_directory()
    try:
        yield fd
    finally:
        os.close(fd)


@contextmanager
def held_at(anchor: Anchor, path: str) -> Iterator[int]:
    """`path` is absolute and resolved, `anchor` holds `/`: a part of it that has become a link since raises
    OSError, so the directory is the one that was looked at."""
    with anchor.slot(path.strip("/") or ".") as slot, held(slot) as fd:
        yield fd
