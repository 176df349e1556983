"""The one registration list: every tool, in the order the model sees them, and the alias table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ollama_code.ports import Asker, Emit, Workspace
from ollama_code.tools.ask import AskUser
from ollama_code.tools.base import Alias
from ollama_code.tools.edit.tool import Edit
from ollama_code.tools.files.ledger import ReadLedger
from ollama_code.tools.files.many import ReadManyFiles
from ollama_code.tools.files.read import ReadFile
from ollama_code.tools.files.write import WriteFile
from ollama_code.tools.search.expand import expander
from ollama_code.tools.search.glob import Glob
from ollama_code.tools.search.grep import GrepSearch
from ollama_code.tools.search.listing import ListDirectory
from ollama_code.tools.shell import RunShellCommand
from ollama_code.tools.todo import TodoList, TodoWrite
from ollama_code.tools.toolset import Toolset
from ollama_code.workspace.jobs import Jobs
from ollama_code.workspace.sandbox.sandbox import Sandbox
from ollama_code.workspace.search import Search

_ALIASES = {
    "read_file": "read open view cat_file",
    "read_many_files": "readmany read_all cat read_files read_many",
    "write_file": "write create save_file new_file",
    "edit": "replace edit_file modify patch str_replace",
    "glob": "files glob_files find_files glob_search",
    "grep_search": "grep search find search_content search_text search_file_content",
    "list_directory": "ls list dir list_dir list_files",
    "run_shell_command": "run shell exec cmd bash terminal command run_command",
    "todo_write": "todo todos task_list",
    "ask_user": "ask question",
}
ALIASES = tuple(Alias(name, tool, {}) for tool, names in _ALIASES.items() for name in names.split())
"""The seeds' aliases and the names that models trained elsewhere write. An alias is a declared name."""

SCOPE_OF = {"write_file": "edit", "read_many_files": "read_file"}
"""Tools that declare another's scope: a rule for one of a family speaks of the whole family."""


@dataclass(frozen=True)
class Parts:
    """What the tools of one session share."""

    workspace: Workspace
    ledger: ReadLedger
    jobs: Jobs
    sandbox: Sandbox
    todos: TodoList
    asker: Asker | None
    emit: Emit
    environment: Mapping[str, str]
    """All that a command gets to see of the environment."""
    sees_images: bool
    withheld: Callable[[str], bool]
    """Whether a rule keeps the content of a path, relative to the workspace, from every search."""


def builtin(parts: Parts) -> Toolset:
    workspace, ledger = parts.workspace, parts.ledger
    search = Search.local(workspace, withheld=parts.withheld)
    return Toolset(
        (
            ReadFile(workspace, ledger, sees_images=parts.sees_images),
            WriteFile(workspace, ledger),
            Edit(workspace, ledger, parts.withheld),
            Glob(workspace, search),
            GrepSearch(workspace, search),
            ListDirectory(workspace, search),
            RunShellCommand(workspace, parts.jobs, parts.sandbox, parts.environment),
            TodoWrite(parts.todos),
            ReadManyFiles(
                workspace, ledger, sees_images=parts.sees_images, expand=expander(workspace, search)
            ),
            AskUser(parts.asker, parts.emit),
        ),
        ALIASES,
    )
