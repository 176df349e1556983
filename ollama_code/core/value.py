"""The base of every value that crosses a boundary: frozen, closed, JSON round-trippable."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """A fact. Two equal values are interchangeable; an unknown key is an error, never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")
