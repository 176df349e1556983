"""What the program remembers by itself between sessions. Losing it costs a convenience, so no failure here is
fatal, and keys of a newer version are kept."""

from __future__ import annotations

import contextlib
import json
import logging
from pathlib import Path

from filelock import FileLock
from pydantic import JsonValue

from ollama_code.storage.atomic import private_directory, write_atomic

_log = logging.getLogger(__name__)
_LOCK_WAIT_S = 1.0
"""A write takes milliseconds: who holds the lock longer is stuck."""


class State:
    """One JSON object in one file, shared by every running ollama-code of this user. Each method reads the file
    anew; a file that is no such object is set aside as `<name>.broken`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def last_model(self, host: str) -> str | None:
        """The model last used at `host`, `None` when that is not known."""
        try:
            models = self._read().get("models")
        except OSError as e:
            _log.warning("What was remembered in %s cannot be read: %s", self._path, e)
            return None
        found = models.get(host) if isinstance(models, dict) else None
        return found if isinstance(found, str) else None

    def remember_model(self, host: str, model: str) -> None:
        try:
            private_directory(self._path.parent)
            with FileLock(self._path.with_name(f"{self._path.name}.lock"), timeout=_LOCK_WAIT_S, mode=0o600):
                state = self._read()
                models = state.get("models")
                state["models"] = {**(models if isinstance(models, dict) else {}), host: model}
                write_atomic(self._path, json.dumps(state, indent=2).encode() + b"\n")
        except OSError as e:
            _log.warning("The model %s is not remembered in %s: %s", model, self._path, e)

    def _read(self) -> dict[str, JsonValue]:
        try:
            state = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except (ValueError, RecursionError):
            state = None
        if isinstance(state, dict):
            return state
        with contextlib.suppress(OSError):
            self._path.replace(self._path.with_name(f"{self._path.name}.broken"))
        return {}
