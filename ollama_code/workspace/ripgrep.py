"""ripgrep as an accelerator: which of many files need not be read at all.

It is never believed about what matches, only about what cannot: whatever goes wrong, every file is read. So
results are the same with and without it, and a file swapped behind our back leaks nothing through it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ollama_code.workspace.places import below
from ollama_code.workspace.stop import Stop

_POLL_S = 0.05
"""How soon a cancelled search ends the process."""
_FOUND, _FOUND_NOTHING = 0, 1


class Ripgrep:
    def __init__(self, program: str) -> None:
        """`program` is an absolute path."""
        self._program = program

    @classmethod
    def on_path(cls, search_path: str, *, root: str) -> Ripgrep | None:
        """The first `rg` on `search_path`, unless a project brings its own: that would be its code we run."""
        program = shutil.which("rg", path=search_path)
        if program is None or not Path(program).is_absolute():
            return None
        real = os.path.realpath(program)
        return None if below(real, root) or below(program, root) else cls(real)

    def candidates(
        self, directory: str, paths: Sequence[str], needles: Sequence[str], *, any_case: bool, stop: Stop
    ) -> set[str]:
        """Those of `paths` (seen from `directory`) that may contain one of `needles`."""
        options = ["--ignore-case" if any_case else "--case-sensitive"]
        options += [part for needle in needles for part in ("-e", needle)]
        named = [f"./{path}" for path in paths]
        output = _output([self._program, *_OPTIONS, *options, "--", *named], directory, stop)
        if output is None:
            return set(paths)
        return {os.fsdecode(name).removeprefix("./") for name in output.split(b"\0") if name}


_OPTIONS = (
    "--no-config",
    "--no-follow",
    "--no-messages",
    "--no-mmap",
    "--text",
    "--fixed-strings",
    "--files-with-matches",
    "--null",
    "--color=never",
)
"""`--text`: what is binary is decided where files are read."""


def _output(command: list[str], directory: str, stop: Stop) -> bytes | None:
    """`None` when ripgrep failed in any way, or was stopped."""
    try:
        process = subprocess.Popen(
            command,
            cwd=directory,
            env={},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except (OSError, ValueError):
        return None
    with process:
        while not stop.now:
            try:
                output, _ = process.communicate(timeout=_POLL_S)
            except subprocess.TimeoutExpired:
                continue
            return output if process.returncode in (_FOUND, _FOUND_NOTHING) else None
        process.kill()
    return None
