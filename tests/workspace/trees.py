"""Small trees of files, written as a mapping from path to content."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from ollama_code.workspace.confine import Anchor
from ollama_code.workspace.handles import held_at
from ollama_code.workspace.ignore import Sources, rules_at
from ollama_code.workspace.stop import Stop
from ollama_code.workspace.walk import Walk

ALL = Sources()


def plant(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """`root`, resolved, with `files` beneath it."""
    root.mkdir(parents=True, exist_ok=True)
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root.resolve()


def walked(root: Path, start: str = ".", sources: Sources = ALL) -> list[str]:
    """Paths beneath `root/start` that the ignore rules leave, seen from there."""
    anchor = Anchor("/")
    directory = str(root / start)
    rules = rules_at(anchor, directory, str(root), sources)
    with held_at(anchor, directory) as fd, closing(iter(Walk(fd, rules, Stop(30)))) as found:
        return [file.path for file in found]
