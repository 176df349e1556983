"""The slash commands of a conversation that come from files: the person's own and a trusted folder's."""

from __future__ import annotations

import asyncio

from ollama_code.bootstrap.options import Options
from ollama_code.bootstrap.site import here, home
from ollama_code.bootstrap.trust.folder import Folder, FolderTrust
from ollama_code.commands.custom import CustomCommand, read_commands, recipe_of
from ollama_code.commands.registry import COMMANDS, is_command
from ollama_code.core.recipe import Recipe
from ollama_code.paths import Home
from ollama_code.workspace.belongings import COMMANDS as FOLDER
from ollama_code.workspace.belongings import read_own


async def recipe_without_person(options: Options, line: str) -> tuple[Recipe | None, Folder | None]:
    """What `line` becomes if it names a command from a file, and the folder that was looked at. Nobody is asked:
    a folder has commands when it was trusted before. Raises: UsageError."""
    if options.demo or not is_command(line):
        return None, None
    folder = await FolderTrust(home(), None).of(here())
    custom, _ = await asyncio.to_thread(custom_commands, home(), folder)
    return recipe_of(line, custom), folder


def custom_commands(own: Home, folder: Folder) -> tuple[dict[str, CustomCommand], tuple[str, ...]]:
    """By name, and sentences about files that are no commands. Of one name in both places the folder's is taken, as
    it knows more of the work at hand. Blocks."""
    mine, own_troubles = read_commands(read_own(own.commands), "yours", COMMANDS)
    project, troubles = read_commands(folder.trusted.below(FOLDER), "project", COMMANDS)
    return dict(sorted({**mine, **project}.items())), (*own_troubles, *troubles)
