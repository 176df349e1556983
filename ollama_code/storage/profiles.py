"""What was measured of each model on each host, kept between sessions. Losing it costs measuring again, so no
failure here is fatal, and what a newer version wrote is kept."""

from __future__ import annotations

import logging
from pathlib import Path

from pydantic import JsonValue, ValidationError

from ollama_code.core.profile import ModelProfile
from ollama_code.storage.shared import Object, SharedObject

_log = logging.getLogger(__name__)
_COUNTERS = ("sessions", "steps", "prompt_tokens", "cached_tokens", "generated_tokens")
"""Several sessions count at the same time: of these the file gets what was added, of the rest the last word."""


class Profiles:
    """By host and by the digest of the model, so that a model pulled anew is measured anew. Blocks."""

    def __init__(self, path: Path) -> None:
        self._file = SharedObject(path)

    def of(self, host: str, model: str) -> ModelProfile:
        """What is known of the model with this digest; of an unknown one, nothing."""
        try:
            return _profile(_entry(self._file.read(), host, model))
        except OSError as e:
            _log.warning("What was measured of models cannot be read from %s: %s", self._file.path, e)
            return ModelProfile()

    def add(self, host: str, model: str, before: ModelProfile, now: ModelProfile) -> None:
        """Write what became of `before`, which this session had read or written last."""
        changed = {
            name: value
            for name, value in now.model_dump(mode="json").items()
            if value != getattr(before, name)
        }

        def change(profiles: Object) -> None:
            entry = _entry(profiles, host, model)
            known = _profile(entry)
            for name in changed.keys() & set(_COUNTERS):
                changed[name] += getattr(known, name) - getattr(before, name)
            models = profiles.get(host)
            profiles[host] = {**(models if isinstance(models, dict) else {}), model: {**entry, **changed}}

        try:
            self._file.change(change)
        except OSError as e:
            _log.warning("What was measured of a model is not kept in %s: %s", self._file.path, e)


def _entry(profiles: Object, host: str, model: str) -> dict[str, JsonValue]:
    models = profiles.get(host)
    entry = models.get(model) if isinstance(models, dict) else None
    return entry if isinstance(entry, dict) else {}


def _profile(entry: dict[str, JsonValue]) -> ModelProfile:
    """Field by field: one that makes no sense costs only itself."""
    profile = ModelProfile()
    for name, value in entry.items():
        if name in ModelProfile.model_fields:
            try:
                read = ModelProfile.model_validate({name: value})
            except ValidationError:
                continue
            profile = profile.model_copy(update={name: getattr(read, name)})
    return profile
