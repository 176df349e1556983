"""What is written down of a session or of a request to the proxy: what is kept out of it, and the audit log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

from ollama_code.bootstrap.site import home
from ollama_code.core.audit import Decided, Ran, Record
from ollama_code.core.events import Notice
from ollama_code.core.redact import Redactor
from ollama_code.ports import Emit
from ollama_code.settings.load import Credentials, Loaded
from ollama_code.storage.audit import AuditLog, Header

_SECRET_HEADER = re.compile("auth|token|key|secret|cookie|pass|cred|session", re.IGNORECASE)


def redactor(loaded: Loaded) -> Redactor:
    """Knows the values that the settings keep secret, those of the secret store among them, and the tokens of proxies
    that run now. Blocks."""
    return Redactor((*(value for one in loaded.credentials for value in _values(one)), *_tokens()))


def _values(credentials: Credentials) -> Iterator[str]:
    """Of a header what comes after its scheme, and nothing of one such as `Accept`."""
    yield credentials.api_key
    for name, value in credentials.headers.items():
        if _SECRET_HEADER.search(name):
            yield value.split()[-1] if value.split() else ""


def _tokens() -> Iterator[str]:
    for path in home().tokens.glob("token-*"):
        with suppress(OSError, UnicodeDecodeError):  # its proxy has just ended
            yield path.read_text(encoding="ascii").strip()


def recorder(header: Header, redact: Redactor, emit: Emit) -> Record:
    """Writes down what is decided and run."""
    return _Recorder(AuditLog(home().audit, header, redact.likely), emit)


class _Recorder:
    """Tells the person once when the log cannot be written."""

    def __init__(self, log: AuditLog, emit: Emit) -> None:
        self._log = log
        self._emit = emit
        self._told = ""

    def __call__(self, entry: Decided | Ran) -> None:
        self._log(entry)
        trouble, told = self._log.trouble, self._told
        self._told = trouble
        if trouble and not told:
            self._emit(Notice(text=f"{trouble} The session goes on."))
