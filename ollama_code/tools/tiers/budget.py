"""What the head may cost, and how its cost is counted before any model has."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

from ollama_code.core.head import WireTool

CHARS_PER_TOKEN = 3.7
"""Characters of system text and tools for one token, over the tokenizers of the usual models."""
SHARE = 0.15
"""Most of the window that the head takes."""
SMALL_WINDOW, SMALL_TOKENS = 8192, 1200
MOST_TOKENS = 2500
"""Beyond this more words help no model, but every start on a slow machine waits for them."""


def budget_tokens(num_ctx: int) -> int:
    """What system text and tools may take of a window of `num_ctx` tokens."""
    return min(int(num_ctx * SHARE), SMALL_TOKENS if num_ctx <= SMALL_WINDOW else MOST_TOKENS)


def tokens(chars: int) -> int:
    """Tokens of that many characters, rounded up."""
    return math.ceil(chars / CHARS_PER_TOKEN)


def head_tokens(system: str, tools: Sequence[WireTool]) -> int:
    """Tokens of the whole head."""
    return tokens(len(system) + _chars(tools))


def price(tools: Sequence[WireTool]) -> int:
    """Tokens of tools in the head, as a template prints them."""
    return tokens(_chars(tools))


def _chars(tools: Sequence[WireTool]) -> int:
    return len(json.dumps(list(tools)))
