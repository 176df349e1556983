"""Which folders a person trusts, each with what it held then. A folder is its real path and nothing near it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ollama_code.storage.shared import Object, SharedObject

_FOLDERS = "folders"


@dataclass(frozen=True)
class Kept:
    """A decision that was remembered. `digests` by the id of what was there."""

    trusted: bool
    digests: Mapping[str, str] = field(default_factory=dict)


class TrustStore:
    """Shared by every running ollama-code of this user; readable by this user alone. Blocks. Raises: OSError."""

    def __init__(self, path: Path) -> None:
        self._file = SharedObject(path)

    def decision(self, directory: str) -> Kept | None:
        """What was decided of the folder with this real path. What cannot be read as a decision is none."""
        folders = self._file.read().get(_FOLDERS)
        found = folders.get(directory) if isinstance(folders, dict) else None
        if not isinstance(found, dict) or not isinstance(found.get("trusted"), bool):
            return None
        digests = found.get("digests")
        if not isinstance(digests, dict):
            return None
        return Kept(found["trusted"] is True, {id: str(digest) for id, digest in digests.items()})

    def keep(self, directory: str, kept: Kept) -> None:
        def change(stored: Object) -> None:
            folders = stored.get(_FOLDERS)
            stored[_FOLDERS] = {
                **(folders if isinstance(folders, dict) else {}),
                directory: {"trusted": kept.trusted, "digests": dict(kept.digests)},
            }

        self._file.change(change)
