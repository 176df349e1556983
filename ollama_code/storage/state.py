"""What the program remembers by itself between sessions. Losing it costs a convenience, so no failure here is
fatal, and keys of a newer version are kept."""

from __future__ import annotations

import logging
from pathlib import Path

from ollama_code.storage.shared import Object, SharedObject

_log = logging.getLogger(__name__)


class State:
    """Shared by every running ollama-code of this user."""

    def __init__(self, path: Path) -> None:
        self._file = SharedObject(path)

    def last_model(self, host: str) -> str | None:
        """The model last used at `host`, `None` when that is not known."""
        try:
            models = self._file.read().get("models")
        except OSError as e:
            _log.warning("What was remembered in %s cannot be read: %s", self._file.path, e)
            return None
        found = models.get(host) if isinstance(models, dict) else None
        return found if isinstance(found, str) else None

    def remember_model(self, host: str, model: str) -> None:
        def change(state: Object) -> None:
            models = state.get("models")
            state["models"] = {**(models if isinstance(models, dict) else {}), host: model}

        try:
            self._file.change(change)
        except OSError as e:
            _log.warning("The model %s is not remembered in %s: %s", model, self._file.path, e)
