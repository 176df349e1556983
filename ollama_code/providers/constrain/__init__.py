"""Constrained acting: a JSON schema binds the whole answer, so that every reply is a valid call or an answer."""

from ollama_code.providers.constrain.reader import BoundReader
from ollama_code.providers.constrain.schema import bound_schema
from ollama_code.providers.constrain.words import HOW, in_words, taught

__all__ = ["HOW", "BoundReader", "bound_schema", "in_words", "taught"]
