"""API keys that were stored for a server: found again for that server, and for no other."""

from __future__ import annotations

import logging
import os
from dataclasses import replace

from ollama_code.bootstrap.options import Options
from ollama_code.bootstrap.site import home
from ollama_code.core.errors import OllamaCodeError
from ollama_code.providers.host import base_url, without_login
from ollama_code.settings.load import Credentials, Loaded, load
from ollama_code.storage.secrets import Place, SecretStore, system_keyring

log = logging.getLogger(__name__)


def load_with_keys(options: Options) -> Loaded:
    """The settings, with the key that was stored for their server behind those that were set. Blocks.
    Raises: UsageError for settings to mend."""
    loaded = load(home(), os.environ, options.flags())
    if not home().secrets.exists():
        return loaded
    server = without_login(base_url(loaded.settings.ollama.base_url))
    try:
        key = _store().get(_name(server))
    except (OSError, OllamaCodeError) as e:
        log.warning("The key stored for %s cannot be read: %s", server, e)
        return loaded
    if not key:
        return loaded
    stored = Credentials(server, "--store-key", api_key=key, headers={})
    return replace(loaded, credentials=(*loaded.credentials, stored))


class ServerKey:
    """The key of the server that `options` and the settings name. Blocks. Raises: UsageError, OllamaCodeError."""

    def __init__(self, options: Options) -> None:
        loaded = load(home(), os.environ, options.flags())
        self.server = without_login(base_url(loaded.settings.ollama.base_url))
        self._store = _store()

    def keep(self, key: str, *, in_file: bool) -> Place:
        """Raises: NoKeyring."""
        return self._store.keep(_name(self.server), key, in_file=in_file)

    def forget(self) -> bool:
        return self._store.forget(_name(self.server))


def _store() -> SecretStore:
    return SecretStore(home().secrets, system_keyring())


def _name(server: str) -> str:
    return f"ollama {server}"
