"""What a server tells of its models: the answers of `/api/tags`, `/api/show`, `/api/ps` and `/api/version` as
typed values. Features are read from fields, never guessed from a version."""

from __future__ import annotations

import re
from datetime import datetime

from pydantic import Field, JsonValue

from ollama_code.ports import LoadedModel, ModelInfo, ModelSummary
from ollama_code.providers.lenient import Lenient

_NUM_CTX = re.compile(r"^num_ctx\s+(\d+)\s*$", re.MULTILINE)


class _Details(Lenient):
    family: str = ""
    parameter_size: str = ""


class _Tag(Lenient):
    name: str = ""
    model: str = ""
    digest: str = ""
    size: int = 0
    modified_at: str = ""
    capabilities: frozenset[str] = frozenset()
    remote_host: str = ""
    details: _Details = _Details()

    def summary(self) -> ModelSummary:
        return ModelSummary(
            name=self.name or self.model,
            digest=self.digest,
            size_bytes=self.size,
            capabilities=self.capabilities,
            parameter_size=self.details.parameter_size,
            remote=bool(self.remote_host),
            modified_s=_unix_time(self.modified_at),
        )


class _Resident(Lenient):
    name: str = ""
    model: str = ""
    digest: str = ""
    size: int = 0
    size_vram: int = 0
    context_length: int = 0

    def loaded(self) -> LoadedModel:
        return LoadedModel(
            name=self.name or self.model,
            size_bytes=self.size,
            size_vram_bytes=self.size_vram,
            context_length=self.context_length,
            digest=self.digest,
        )


class Tags(Lenient):
    """`/api/tags`."""

    models: tuple[_Tag, ...] = ()

    def summaries(self) -> tuple[ModelSummary, ...]:
        return tuple(tag.summary() for tag in self.models)


class Residents(Lenient):
    """`/api/ps`."""

    models: tuple[_Resident, ...] = ()

    def all_loaded(self) -> tuple[LoadedModel, ...]:
        return tuple(resident.loaded() for resident in self.models)


class Version(Lenient):
    """`/api/version`."""

    version: str


class _Debug(Lenient):
    rendered_template: str = ""


class Rendered(Lenient):
    """`/api/chat` with `_debug_render_only`."""

    debug: _Debug | None = Field(default=None, alias="_debug_info")

    @property
    def text(self) -> str | None:
        return self.debug.rendered_template if self.debug else None


class Show(Lenient):
    """`/api/show`."""

    details: _Details = _Details()
    model_info: dict[str, JsonValue] = Field(default_factory=dict)
    capabilities: frozenset[str] | None = None
    parameters: str = ""
    template: str = ""

    def info(self, name: str) -> ModelInfo:
        wish = _NUM_CTX.search(self.parameters)
        return ModelInfo(
            name=name,
            capabilities=self._capabilities(),
            context_length=self._context_length(),
            num_ctx=int(wish.group(1)) if wish else None,
            template=self.template,
            family=self.details.family,
            cache_token_bytes=self._cache_token_bytes(),
        )

    def _context_length(self) -> int:
        """The trained maximum."""
        return self._number("context_length")

    def _cache_token_bytes(self) -> int:
        """Keys and values of one token in every layer, at two bytes a number. Layers that look back less far, and a
        cache of fewer bits, need less. Models whose layers differ list their heads, which the server leaves out."""
        heads = self._number("attention.head_count")
        width = self._number("embedding_length") // heads if heads else 0
        key = self._number("attention.key_length") or width
        value = self._number("attention.value_length") or width
        return 2 * self._number("block_count") * self._number("attention.head_count_kv") * (key + value)

    def _number(self, name: str) -> int:
        """A whole number of `model_info`, whose keys are named after the architecture; 0 where there is none."""
        value = self.model_info.get(f"{self.model_info.get('general.architecture')}.{name}")
        return value if isinstance(value, int) else 0

    def _capabilities(self) -> frozenset[str]:
        """As listed; of a server too old to list them, what the template shows."""
        if self.capabilities is not None:
            return self.capabilities
        return frozenset({"completion", "tools"} if ".Tools" in self.template else {"completion"})


def _unix_time(text: str) -> int:
    try:
        return int(datetime.fromisoformat(text).timestamp())
    except (ValueError, OverflowError):
        return 0
