"""Commands about the session itself: its model, its mode, its end."""

from __future__ import annotations

from ollama_code.commands.base import Desk, NewSession, Outcome, Quit, Say, SlashCommand
from ollama_code.core.permission import Mode


async def _mode(desk: Desk, words: str) -> Outcome:
    names = [mode.value for mode in Mode]
    if not words:
        return Say(f"The mode is {desk.session.mode}. Change it with /mode {'|'.join(names)}.")
    name = words.lower().replace("_", "-")
    if name not in names:
        return Say(f'There is no mode "{words}". The modes are {", ".join(names)}.')
    desk.session.set_mode(Mode(name))
    return Say(f"The mode is now {name}.")


async def _model(desk: Desk, words: str) -> Outcome:
    head = desk.session.head
    used = desk.session.tokens_used
    window = f"{used:,} of {head.num_ctx:,} tokens used"
    return Say(f"{head.model}, context window: {window}. Another model: start with --model NAME.")


async def _clear(desk: Desk, words: str) -> Outcome:
    return NewSession()


async def _quit(desk: Desk, words: str) -> Outcome:
    return Quit()


SESSION_COMMANDS = (
    SlashCommand("model", "the model of this session and its context window", _model),
    SlashCommand("mode", "how much runs without asking", _mode, "[plan|default|auto-edit|yolo]"),
    SlashCommand("clear", "start a fresh session; this one stays on disk", _clear),
    SlashCommand("quit", "leave", _quit),
)
