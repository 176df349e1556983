"""Plays a case in its area: `tests/security/areas/AREA.py` has `play(case, world)`, which gives the faults it found.

`play` gets the case with its placeholders filled. It raises `Unplayable` for a setup op, an input or a check that it
does not know, which is a fault like any other."""

from __future__ import annotations

import re
from importlib import import_module
from importlib.util import find_spec

from tests.security.corpus import Case, Unplayable, new_world


def faults(case: Case) -> list[str]:
    """What was wrong when `case` was played; empty when it passed."""
    name = f"tests.security.areas.{case.area}"
    if not re.fullmatch(r"[a-z_]+", case.area) or find_spec(name) is None:
        return [f"unknown area {case.area!r}"]
    with new_world() as world:
        try:
            return list(import_module(name).play(case.placed(world), world))
        except Unplayable as e:
            return [str(e)]
