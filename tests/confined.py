"""Sandboxes for tests: none at all, or one of a given rung of the ladder, whatever this machine would choose."""

from __future__ import annotations

from pathlib import Path

from ollama_code.workspace.sandbox.probe import Found
from ollama_code.workspace.sandbox.rungs import Rung
from ollama_code.workspace.sandbox.sandbox import Grounds, Sandbox, Wishes


def unconfined(root: Path) -> Sandbox:
    """As where a person has switched it off: what is tested is not about walls."""
    return Sandbox(Grounds((str(root),), home="/nonexistent"), Wishes(enabled=False))


def standing_on(rung: Rung | None, grounds: Grounds, wishes: Wishes | None = None) -> Sandbox:
    return Sandbox(grounds, wishes or Wishes(), lambda: Found(rung, () if rung else ("nothing works here",)))
