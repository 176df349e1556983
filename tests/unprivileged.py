"""Run a piece of Python as nobody: root passes every permission check, so refused access needs another user."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534

_BOOT = f"""
import asyncio, concurrent.futures.thread, importlib.readers, importlib.resources, os, sys
space = {{"__name__": "unprivileged"}}
exec(compile(sys.argv[1], "<unprivileged>", "exec"), space)
if os.geteuid() == 0:
    os.setgroups([])
    os.setresgid({NOBODY}, {NOBODY}, {NOBODY})
    os.setresuid({NOBODY}, {NOBODY}, {NOBODY})
space["main"](*sys.argv[2:])
"""


def run_as_nobody(code: str, *arguments: str | Path) -> str:
    """What `main(*arguments)` of `code` prints. Its top level, where the imports stand, runs before the change of
    user: the interpreter itself may lie where nobody cannot read. Without root it runs as who we are.
    Raises: AssertionError with what it wrote to stderr, when it fails."""
    done = subprocess.run(
        [sys.executable, "-c", _BOOT, code, *(str(argument) for argument in arguments)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def folder_of_nobody() -> Iterator[Path]:
    """An empty folder that belongs to nobody and that nobody can reach, as pytest's `tmp_path` is not."""
    folder = Path(tempfile.mkdtemp(prefix="nobody-"))
    try:
        folder.chmod(0o755)
        own(folder)
        yield folder
    finally:
        shutil.rmtree(folder)


def own(path: Path) -> None:
    """Give `path` to nobody, when we may."""
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)
