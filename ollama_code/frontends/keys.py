"""`--store-key`: takes an API key without showing it, and says where it went."""

from __future__ import annotations

import getpass
import sys

from ollama_code.bootstrap.keys import ServerKey
from ollama_code.bootstrap.options import Options
from ollama_code.core.errors import UsageError
from ollama_code.core.text import clean
from ollama_code.settings.layer import checked
from ollama_code.storage.secrets import NoKeyring


def run_store_key(options: Options) -> int:
    """Raises: OllamaCodeError."""
    if not sys.stdin.isatty():
        raise UsageError("A key is typed at a terminal, where nobody sees it. Start --store-key in one.")
    where = ServerKey(options)
    key = getpass.getpass(f"API key for {clean(where.server)} (empty removes it): ").strip()
    if not key:
        print("The key is removed." if where.forget() else "There was no key for this server.")
        return 0
    checked({"ollama.apiKey": key}, "--store-key")
    try:
        place = where.keep(key, in_file=False)
    except NoKeyring:
        print(
            "There is no keyring on this system. A file can keep the key: readable by you alone, not encrypted."
        )
        if input("Keep it in that file? [y/N] ").strip().lower() not in ("y", "yes"):
            print("The key was not kept.")
            return 0
        place = where.keep(key, in_file=True)
    print(
        f"The key is in {'the keyring of this system' if place == 'keyring' else '~/.ollama-code/secrets.json'}."
    )
    return 0
