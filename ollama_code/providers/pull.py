"""The download of a model, line by line: layers come one after another, a person wants one number."""

from __future__ import annotations

from ollama_code.core.errors import ModelMissing, ReplyBroken
from ollama_code.core.text import one_line
from ollama_code.ports import PullProgress
from ollama_code.providers.faults import refused
from ollama_code.providers.lenient import Lenient, read_json


class _Line(Lenient):
    status: str = ""
    digest: str = ""
    total: int = 0
    completed: int = 0
    error: str = ""


class PullReader:
    """Folds the lines of `/api/pull`. `succeeded` is true once the server said so."""

    def __init__(self, model: str, url: str) -> None:
        self.succeeded = False
        self._model = model
        self._url = url
        self._layers: dict[str, tuple[int, int]] = {}

    def read(self, line: bytes) -> PullProgress | None:
        """What the line tells; `None` for a blank one. Raises: ProviderError for an error line."""
        if not line.strip():
            return None
        try:
            said = _Line.model_validate(read_json(line))
        except ValueError as e:
            raise ReplyBroken(
                f"{self._url} answered the pull of {self._model} with something unreadable."
            ) from e
        if "file does not exist" in said.error:
            raise ModelMissing(
                f"The registry has no model {self._model}. Check the name and the tag: ollama.com/library lists them."
            )
        if said.error:
            raise refused(200, line, model=self._model, url=self._url)
        if said.digest:
            self._layers[said.digest] = (said.completed, said.total)
        self.succeeded = self.succeeded or said.status == "success"
        completed = sum(done for done, _ in self._layers.values())
        total = sum(size for _, size in self._layers.values())
        return PullProgress(one_line(said.status), completed, total)
