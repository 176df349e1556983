"""Loads what the first answer needs, so that its first frame does not wait for imports. Safe in a thread."""

from __future__ import annotations

from ollama_code.frontends.tui.transcript.code import lexer_named
from ollama_code.frontends.tui.transcript.markdown import parse

_USUAL = ("python", "bash", "json")


def warm_up() -> None:
    """Call once, in a thread, after the first paint."""
    parse("warm *up*\n\n| a |\n|---|\n| b |\n")
    for language in _USUAL:
        if lexer := lexer_named(language):
            list(lexer.get_tokens("x = 1\n"))
