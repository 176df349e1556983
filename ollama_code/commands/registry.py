"""The list of slash commands and the reading of a line that names one."""

from __future__ import annotations

import difflib

from ollama_code.commands.base import Desk, Outcome, Say
from ollama_code.commands.session import SESSION_COMMANDS
from ollama_code.commands.work import WORK_COMMANDS

COMMANDS = {command.name: command for command in (*SESSION_COMMANDS, *WORK_COMMANDS)}


def is_command(line: str) -> bool:
    """Whether a typed line is a command: `/word`, but not a path such as `/etc/hosts`."""
    word = line.split(maxsplit=1)[0] if line.strip() else ""
    return word.startswith("/") and "/" not in word[1:] and len(word) > 1


async def run_command(line: str, desk: Desk) -> Outcome:
    """The outcome of a line for which `is_command` holds; an unknown name says what is near."""
    word, _, rest = line.strip().partition(" ")
    name = word[1:].lower()
    if name == "help":
        return Say(help_text())
    if command := COMMANDS.get(name):
        return await command.run(desk, rest.strip())
    near = difflib.get_close_matches(name, [*COMMANDS, "help"], n=1)
    hint = f" Did you mean /{near[0]}?" if near else ""
    return Say(f"There is no command /{name}.{hint} /help lists them all.")


def help_text() -> str:
    rows = [("/help", "this list")]
    rows += [(f"/{c.name} {c.usage}".rstrip(), c.summary) for c in COMMANDS.values()]
    width = max(len(left) for left, _ in rows)
    return "\n".join(f"  {left:<{width}}  {summary}" for left, summary in rows)
