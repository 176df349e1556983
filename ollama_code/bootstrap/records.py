"""The audit log of a session or of a request to the proxy: where it is, what it hides, whom it tells of trouble."""

from __future__ import annotations

from ollama_code.bootstrap.site import home
from ollama_code.core.audit import Decided, Ran, Record
from ollama_code.core.events import Notice
from ollama_code.core.redact import Redactor
from ollama_code.ports import Emit
from ollama_code.settings.load import Loaded
from ollama_code.storage.audit import AuditLog, Header


def recorder(header: Header, loaded: Loaded, emit: Emit) -> Record:
    """Writes down what is decided and run. Values the settings keep secret are kept secret here too."""
    secrets = [value for one in loaded.credentials for value in (one.api_key, *one.headers.values())]
    return _Recorder(AuditLog(home().audit, header, Redactor(secrets)), emit)


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
