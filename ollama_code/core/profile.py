"""What is known of one model on one host: measured in use, kept between sessions, never guessed."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ollama_code.core.value import Value

Tokens = Annotated[int, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]
Measured = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class ModelProfile(Value):
    """A field that was never measured has its default. Rates are tokens per second, times seconds."""

    fit: Tokens | None = None
    """Largest context window, in tokens, that was seen to be wholly on the GPU (or chosen for a host without)."""
    pinned: Tokens | None = None
    """The window the person wants for this model, in tokens."""
    given: Tokens | None = None
    """The window that the server gave, in tokens, where more was asked for."""
    calls: bool | None = None
    """False when the server refused tools, whatever it says of the model."""
    thinks: bool | None = None
    """False when the server refused `think`, whatever it says of the model."""
    chars_per_token: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """Characters of request text (bytes, for other scripts than Latin) for each prompt token, from what was sent and
    what the server counted."""
    read_tok_s: Measured = 0.0
    write_tok_s: Measured = 0.0
    load_s: Measured = 0.0
    taps: bool | None = None
    """False when the server refuses raw tokens or they cost more than 5 % of the rate of writing."""
    sends_thinking: bool = True
    """False where sending thinking back buys nothing in a turn and costs a turn of reading after it."""
    rereads_turn: bool | None = None
    """Whether the template renders a past turn anew when the next user message comes."""
    sessions: Count = 0
    steps: Count = 0
    prompt_tokens: Count = 0
    cached_tokens: Count = 0
    generated_tokens: Count = 0
