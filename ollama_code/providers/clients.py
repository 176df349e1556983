"""httpx and ollama, imported without what nobody here uses: half of what the two cost is not for us."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_EMPTY = str(Path(__file__).parent)
"""A folder without certificates."""


@contextmanager
def _without_command_line() -> Iterator[None]:
    """httpx brings a program of its own, which needs click, rich and pygments, and goes without it where those are
    not installed: so it does here, and 60 modules are not read."""
    program = "httpx._main"
    if program in sys.modules:
        yield
        return
    sys.modules[program] = None  # type: ignore[assignment]  # how an import is made to fail
    try:
        yield
    finally:
        del sys.modules[program]


@contextmanager
def _plain_environment() -> Iterator[None]:
    """`import ollama` builds a client at once from the environment, and so fails on a bad `OLLAMA_HOST` (a port
    out of range), on a SOCKS proxy and on a missing certificate file. Nothing of that concerns our own client:
    the variables are away during the import and back after it. Nobody uses that other client, so it need not read
    all certificates of this machine either."""
    names = {"OLLAMA_HOST", "OLLAMA_API_KEY", "SSL_CERT_FILE", "SSL_CERT_DIR"}
    taken = {
        name: value for name, value in os.environ.items() if name in names or name.lower().endswith("_proxy")
    }
    for name in taken:
        del os.environ[name]
    os.environ["SSL_CERT_DIR"] = _EMPTY
    try:
        yield
    finally:
        del os.environ["SSL_CERT_DIR"]
        os.environ.update(taken)


with _without_command_line():
    import httpx

with _plain_environment():
    import ollama

__all__ = ["httpx", "ollama"]
