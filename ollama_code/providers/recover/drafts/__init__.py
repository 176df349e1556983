"""Calls seen while they are written, out of the raw text. A glance for the person: nothing runs because of it."""

from ollama_code.providers.recover.drafts.reader import DraftReader

__all__ = ["DraftReader"]
