"""Constrained acting: a JSON schema binds the whole answer, so that every reply is a valid call or an answer."""

from ollama_code.providers.constrain.reader import BoundReader
from ollama_code.providers.constrain.schema import bound_schema

__all__ = ["BoundReader", "bound_schema"]
