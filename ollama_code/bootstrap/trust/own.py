"""The slash commands of a conversation that come from files: the person's own and a trusted folder's."""

from __future__ import annotations

from ollama_code.bootstrap.trust.folder import Folder
from ollama_code.commands.custom import CustomCommand, read_commands
from ollama_code.commands.registry import COMMANDS
from ollama_code.paths import Home
from ollama_code.workspace.belongings import COMMANDS as FOLDER
from ollama_code.workspace.belongings import read_own


def custom_commands(home: Home, folder: Folder) -> tuple[dict[str, CustomCommand], tuple[str, ...]]:
    """By name, and sentences about files that are no commands. Of one name in both places the folder's is taken, as
    it knows more of the work at hand. Blocks."""
    own, own_troubles = read_commands(read_own(home.commands), "yours", COMMANDS)
    project, troubles = read_commands(folder.trusted.below(FOLDER), "project", COMMANDS)
    return dict(sorted({**own, **project}.items())), (*own_troubles, *troubles)
