"""What is written down of a session or of a request to the proxy: what is kept out of it, and the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from ollama_code.bootstrap.site import home
from ollama_code.core.audit import Decided, Ran, Record
from ollama_code.core.events import Notice
from ollama_code.core.redact import Redactor
from ollama_code.ports import Emit
from ollama_code.settings.load import Loaded
from ollama_code.storage.audit import AuditLog, Header


def redactor(loaded: Loaded) -> Redactor:
    """Knows the values that the settings keep secret, those of the secret store among them, and the tokens of proxies
    that run now. Blocks."""
    own = [value for one in loaded.credentials for value in (one.api_key, *one.headers.values())]
    return Redactor((*own, *_tokens()))


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
