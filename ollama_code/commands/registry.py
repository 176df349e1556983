"""The list of slash commands and the reading of a line that names one."""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from ollama_code.commands.base import Desk, Follow, FreeCommand, Help, Outcome, Say, SlashCommand
from ollama_code.commands.custom import CustomCommand
from ollama_code.commands.engine import ENGINE_COMMANDS
from ollama_code.commands.free import FREE_COMMANDS
from ollama_code.commands.permissions import PERMISSION_COMMANDS
from ollama_code.commands.session import SESSION_COMMANDS
from ollama_code.commands.work import WORK_COMMANDS

_HELP = FreeCommand("help", "this list", lambda words: Help(), waits=False)
COMMANDS: dict[str, SlashCommand | FreeCommand] = {
    command.name: command
    for command in (
        _HELP,
        *SESSION_COMMANDS,
        *PERMISSION_COMMANDS,
        *WORK_COMMANDS,
        *ENGINE_COMMANDS,
        *FREE_COMMANDS,
    )
}

Custom = Mapping[str, CustomCommand]
"""Commands from files, by name; none of them has the name of one of ours."""
NO_CUSTOM: Custom = MappingProxyType({})


def is_command(line: str) -> bool:
    """Whether a typed line is a command: `/word`, but not a path such as `/etc/hosts`."""
    word = line.split(maxsplit=1)[0] if line.strip() else ""
    return word.startswith("/") and "/" not in word[1:] and len(word) > 1


def must_wait(line: str, custom: Custom = NO_CUSTOM) -> bool:
    """Whether a line for which `is_command` holds waits for the end of a running turn. What names no command is told
    at once."""
    found = _found(line, custom)
    return found.waits if isinstance(found, SlashCommand | FreeCommand) else found is not None


async def run_command(line: str, desk: Callable[[], Awaitable[Desk]], custom: Custom = NO_CUSTOM) -> Outcome:
    """The outcome of a line for which `is_command` holds; an unknown name says what is near. `desk` is asked
    only by a command that needs a session. Raises: what `desk` raises."""
    words = "".join(line.split(maxsplit=1)[1:]).strip()
    match _found(line, custom):
        case CustomCommand() as own:
            return Follow(own.recipe(words))
        case FreeCommand(run=answer):
            return answer(words)
        case SlashCommand(run=work):
            return await work(await desk(), words)
        case None:
            name = _name(line)
            near = difflib.get_close_matches(name, [*COMMANDS, *custom], n=1)
            hint = f" Did you mean /{near[0]}?" if near else ""
            return Say(f"There is no command /{name}.{hint} /help lists them all.")


def _name(line: str) -> str:
    return line.split(maxsplit=1)[0][1:].lower()


def _found(line: str, custom: Custom) -> SlashCommand | FreeCommand | CustomCommand | None:
    return COMMANDS.get(_name(line)) or custom.get(_name(line))


def help_text(custom: Custom = NO_CUSTOM) -> str:
    rows = [(f"/{c.name} {c.usage}".rstrip(), c.summary) for c in COMMANDS.values()]
    rows += [(f"/{c.name}", f"{c.summary} ({c.origin})") for c in custom.values()]
    rows += [
        ("!COMMAND", "run a command; the model sees its output"),
        ("@PATH", "attach a file or a folder"),
    ]
    width = max(len(left) for left, _ in rows)
    return "\n".join(f"  {left:<{width}}  {summary}" for left, summary in rows)
