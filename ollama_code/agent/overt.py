"""Keeps from the model what is written for models alone: characters that no person sees, and that spell words."""

from __future__ import annotations

from ollama_code.core.events import Notice
from ollama_code.core.text import overt
from ollama_code.ports import Emit


def overt_for(text: str, emit: Emit, agent: str) -> str:
    """`text` as a person sees it; when something hid in it, the person and the model are told how much."""
    seen, count = overt(text)
    if not count:
        return text
    what = f"{count:,} invisible characters that can spell hidden words"
    emit(Notice(text=f"{what} were kept from the model.", agent=agent))
    return f"{seen}\n[{what} were left out here.]"
