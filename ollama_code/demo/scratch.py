"""A fresh copy of the sample project to work on. Writes into one new directory and nowhere else; whoever asked for
it says where it is, and nobody deletes it."""

from __future__ import annotations

import tempfile
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from ollama_code.core.errors import OllamaCodeError

PROJECT = "sundial"


def scratch_copy(under: Path | None = None) -> Path:
    """The root of a new copy, in a directory only this user can enter: `under/ollama-code-demo-XXXX/sundial`.
    `under` defaults to the system's temporary directory. Blocks for the few milliseconds of about ten files.
    Raises: OllamaCodeError when it cannot be written."""
    try:
        root = Path(tempfile.mkdtemp(prefix="ollama-code-demo-", dir=under)).resolve() / PROJECT
        _copy(files("ollama_code.demo") / "project", root)
    except OSError as e:
        raise OllamaCodeError(
            f"Cannot copy the sample project of the demo: {e}.",
            hint="Free some space, or point TMPDIR to a folder that can be written.",
        ) from e
    return root


def _copy(source: Traversable, target: Path) -> None:
    if source.is_file():
        target.write_bytes(source.read_bytes())
        return
    target.mkdir()
    for entry in source.iterdir():
        if entry.name != "__pycache__":  # an installer compiles the modules of the package it installs
            _copy(entry, target / entry.name)
