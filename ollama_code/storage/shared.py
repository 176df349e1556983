"""One JSON object in one file that every running ollama-code of this user may change."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock
from pydantic import JsonValue

from ollama_code.storage.atomic import private_directory, write_atomic

_LOCK_WAIT_S = 1.0
"""A write takes milliseconds: who holds the lock longer is stuck."""

Object = dict[str, JsonValue]


class SharedObject:
    """Each method reads the file anew; a file that holds no object is set aside as `<name>.broken`. Blocks.
    Raises: OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Object:
        try:
            found = json.loads(self.path.read_bytes())
        except FileNotFoundError:
            return {}
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict):
            return found
        with contextlib.suppress(OSError):
            self.path.replace(self.path.with_name(f"{self.path.name}.broken"))
        return {}

    def change(self, change: Callable[[Object], None]) -> None:
        """Let `change` work on what is there now, while nobody else may write."""
        private_directory(self.path.parent)
        with FileLock(self.path.with_name(f"{self.path.name}.lock"), timeout=_LOCK_WAIT_S, mode=0o600):
            found = self.read()
            change(found)
            write_atomic(self.path, json.dumps(found, indent=2).encode() + b"\n")
