"""Commands about the session itself: its mode, its history."""

from __future__ import annotations

from ollama_code.commands.base import (
    Compact,
    Copy,
    Desk,
    NewSession,
    Outcome,
    Say,
    SlashCommand,
)
from ollama_code.core.messages import AssistantMessage
from ollama_code.core.permission import Mode


async def _mode(desk: Desk, words: str) -> Outcome:
    names = [mode.value for mode in desk.session.gate.modes]
    if not words:
        return Say(f"The mode is {desk.session.mode}. Change it with /mode {'|'.join(names)}.")
    name = words.lower().replace("_", "-")
    if name not in names:
        return Say(f'There is no mode "{words}". The modes are {", ".join(names)}.')
    desk.session.set_mode(Mode(name))
    return Say(f"The mode is now {name}.")


async def _compact(desk: Desk, words: str) -> Outcome:
    return Compact()


async def _copy(desk: Desk, words: str) -> Outcome:
    answers = (
        m.text for m in reversed(desk.session.history) if isinstance(m, AssistantMessage) and m.text.strip()
    )
    text = next(answers, "")
    return Copy(text) if text else Say("There is no answer to copy yet.")


async def _clear(desk: Desk, words: str) -> Outcome:
    return NewSession()


SESSION_COMMANDS = (
    SlashCommand("mode", "show or change how much runs without asking", _mode, "[MODE]", waits=False),
    SlashCommand("clear", "start a fresh session; this one is kept", _clear),
    SlashCommand("compact", "sum the conversation up, to make room", _compact),
    SlashCommand("copy", "copy the last answer", _copy, waits=False),
)
