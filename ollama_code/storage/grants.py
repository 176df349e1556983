"""What a person allowed for good in one folder: kept in their own scope, never in the folder itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from pathlib import Path

from pydantic import JsonValue

from ollama_code.core.errors import SessionError
from ollama_code.storage.shared import Object, SharedObject


class ProjectGrants:
    """The terms granted in one folder, by its real path, in a file that every running ollama-code of this user shares
    and nobody else may read. Blocks."""

    def __init__(self, path: Path, directory: Path, redact: Callable[[str], str] = str) -> None:
        """`redact` is a text without what must not be on the disk."""
        self._file = SharedObject(path)
        self._redact = redact
        self._folder = os.fsencode(directory.resolve()).decode(errors="backslashreplace")

    def read(self) -> tuple[str, ...]:
        """In the order they were granted; nothing where the file cannot be read: then it asks again."""
        try:
            return _terms(self._file.read().get(self._folder))
        except OSError:
            return ()

    def add(self, terms: Collection[str]) -> None:
        """Raises: SessionError when it cannot be kept, as what would cover nothing without the secret in it."""
        if any(self._redact(term) != term for term in terms):
            raise SessionError("A secret is in it, which is not written down.")

        def change(folders: Object) -> None:
            folders[self._folder] = list(dict.fromkeys((*_terms(folders.get(self._folder)), *terms)))

        self._change(change)

    def remove(self, terms: Collection[str]) -> None:
        """Raises: SessionError when the file cannot be written."""

        def change(folders: Object) -> None:
            left = [term for term in _terms(folders.get(self._folder)) if term not in terms]
            folders.pop(self._folder, None)
            if left:
                folders[self._folder] = list(left)

        self._change(change)

    def _change(self, change: Callable[[Object], None]) -> None:
        try:
            self._file.change(change)
        except OSError as e:
            raise SessionError(
                f"{self._file.path} cannot be written: {e.strerror or e}. Mend it; until then nothing is kept there."
            ) from e


def _terms(value: JsonValue) -> tuple[str, ...]:
    return tuple(term for term in value if isinstance(term, str)) if isinstance(value, list) else ()
