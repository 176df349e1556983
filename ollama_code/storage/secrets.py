"""Secrets by name: in the system's keyring where one works, else in a file that only this user may open.

The file is no encryption and claims none. Nothing is written to it unless the person agreed to that."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from ollama_code.core.errors import OllamaCodeError
from ollama_code.storage.shared import Object, SharedObject

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "ollama-code"
_SECRETS, _VALUE, _IN = "secrets", "value", "in"
_NO_KEYRINGS = ("keyring.backends.fail", "keyring.backends.null", "keyrings.alt")
"""Backends that keep nothing, or keep it in a plain file without saying so."""

Place = Literal["keyring", "file"]


class NoKeyring(OllamaCodeError):
    """There is no keyring, and the person has not agreed to a file."""


class Keyring(Protocol):
    """Raises: OllamaCodeError when it is locked or cannot be reached."""

    def get(self, name: str) -> str | None: ...

    def set(self, name: str, value: str) -> None: ...

    def remove(self, name: str) -> None: ...


class SecretStore:
    """`path` holds which secrets there are, and where; the values only of those kept in the file. Blocks.
    Raises: OSError for the file, OllamaCodeError for the keyring."""

    def __init__(self, path: Path, keyring: Keyring | None) -> None:
        self._file = SharedObject(path)
        self._keyring = keyring

    def keep(self, name: str, value: str, *, in_file: bool) -> Place:
        """Where it is now. `in_file` is the person's word for a file where there is no keyring.
        Raises: NoKeyring without it."""
        entry: Object = {_IN: "keyring"}
        if self._keyring is not None:
            self._keyring.set(name, value)
        elif in_file:
            entry = {_IN: "file", _VALUE: value}
        else:
            raise NoKeyring(
                f"This system has no keyring that works. Agree to the file {self._file.path} instead."
            )
        self._change(name, entry)
        return "file" if self._keyring is None else "keyring"

    def get(self, name: str) -> str | None:
        """`None` when there is none."""
        entry = self._entries(self._file.read()).get(name)
        if not isinstance(entry, dict):
            return None
        if entry.get(_IN) == "keyring":
            return self._keyring.get(name) if self._keyring is not None else None
        value = entry.get(_VALUE)
        return value if isinstance(value, str) else None

    def forget(self, name: str) -> bool:
        """False when there was none."""
        entry = self._entries(self._file.read()).get(name)
        if not isinstance(entry, dict):
            return False
        if entry.get(_IN) == "keyring" and self._keyring is not None:
            self._keyring.remove(name)
        self._change(name, None)
        return True

    def _change(self, name: str, entry: Object | None) -> None:
        def change(stored: Object) -> None:
            entries = {**self._entries(stored), name: entry}
            stored[_SECRETS] = {name: one for name, one in entries.items() if one is not None}

        self._file.change(change)

    @staticmethod
    def _entries(stored: Object) -> Object:
        found = stored.get(_SECRETS)
        return found if isinstance(found, dict) else {}


def system_keyring() -> Keyring | None:
    """The keyring of this system, `None` where none works: a machine without a desktop has none. Blocks."""
    try:
        import keyring  # an optional extra, and looking for a backend takes 0.1 s
    except ImportError:
        return None
    backend = keyring.get_keyring()
    several = getattr(backend, "backends", [backend])  # of a chain, those that work, the best first
    usable = (one for one in several if not type(one).__module__.startswith(_NO_KEYRINGS))
    found = next(usable, None)
    return _SystemKeyring(found) if found is not None else None


class _SystemKeyring:
    def __init__(self, backend: KeyringBackend) -> None:
        self._backend = backend

    def get(self, name: str) -> str | None:
        with _told("read"):
            found: str | None = self._backend.get_password(SERVICE, name)
        return found

    def set(self, name: str, value: str) -> None:
        with _told("written"):
            self._backend.set_password(SERVICE, name, value)

    def remove(self, name: str) -> None:
        from keyring.errors import PasswordDeleteError

        with _told("written"), contextlib.suppress(PasswordDeleteError):  # it is gone already
            self._backend.delete_password(SERVICE, name)


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    from keyring.errors import KeyringError

    try:
        yield
    except KeyringError as e:
        raise OllamaCodeError(
            f"The keyring of this system cannot be {what}: {e}. Unlock it and try again."
        ) from e
