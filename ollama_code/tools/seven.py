"""The seven tools of the proxy's README, under their own names and with their own meaning, on top of ours.

They differ from the tools reference: `offset` counts from 1, `timeout` is in seconds, grep is case-sensitive.
`read_file`, `write_file`, `list_directory` and `grep_search` exist in both worlds; a call that uses an argument
only the reference has is taken as the reference means it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pydantic import Field, JsonValue

from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.core.head import WireTool
from ollama_code.core.messages import Arguments
from ollama_code.tools.base import Params
from ollama_code.tools.schema import wire_tool

LONGEST_COMMAND_S = 600


class Read(Params):
    file_path: str = Field(description="Path of the file.")
    offset: int = Field(default=1, description="First line, counted from 1.")
    limit: int = Field(default=2000, description="Most lines.")


class Write(Params):
    file_path: str = Field(description="Path of the file.")
    content: str = Field(description="The whole new content.")


class EditFile(Params):
    file_path: str = Field(description="Path of the file.")
    old_string: str = Field(description="Exact text to replace.")
    new_string: str = Field(description="Text to put there.")
    replace_all: bool = Field(default=False, description="Replace every occurrence.")


class ListDirectory(Params):
    path: str = Field(default=".", description="Directory.")
    recursive: bool = Field(default=False, description="Also everything below.")
    pattern: str = Field(default="", description="Only names like *.py.")


class GlobFiles(Params):
    pattern: str = Field(description="Such as **/*.py.")
    path: str = Field(default=".", description="Where to look.")


class GrepSearch(Params):
    pattern: str = Field(description="Regular expression.")
    path: str = Field(default=".", description="File or directory.")
    file_pattern: str = Field(default="", description="Only files like *.py.")
    case_insensitive: bool = Field(default=False, description="Ignore case.")
    context_lines: int = Field(default=0, description="Lines around each match.")


class RunCommand(Params):
    command: str = Field(description="Shell command.")
    working_directory: str = Field(default="", description="Where to run it.")
    timeout: int = Field(default=120, description="Seconds, at most 600.")


COMMAND = "run_command"
READING = frozenset(("read_file", "list_directory", "glob_files", "grep_search"))
"""Those that change nothing."""

_SEVEN: tuple[tuple[str, str, type[Params]], ...] = (
    ("read_file", "Read file contents with optional line offset and limit.", Read),
    ("write_file", "Create or overwrite a file.", Write),
    ("edit_file", "Replace an exact string in a file.", EditFile),
    ("list_directory", "List directory contents.", ListDirectory),
    ("glob_files", "Find files by pattern.", GlobFiles),
    ("grep_search", "Search file contents with a regular expression.", GrepSearch),
    (COMMAND, "Execute a shell command.", RunCommand),
)
_ONLY_IN_REFERENCE = {
    "read_file": {"absolute_path"},
    "list_directory": {"ignore", "file_filtering_options"},
    "grep_search": {"glob", "limit", "case_sensitive", "context", "output_mode"},
}


def wire_tools(without: Collection[str] = ()) -> tuple[WireTool, ...]:
    """The seven in OpenAI form, less the names in `without`."""
    return tuple(
        wire_tool(name, description, params) for name, description, params in _SEVEN if name not in without
    )


def translated(name: str, arguments: Mapping[str, JsonValue]) -> tuple[str, Arguments]:
    """The call in the words of our own tools; a call that is not one of the seven comes back as it is.
    Raises: ToolError(INVALID_PARAMS) for a number that cannot be meant, and for reading nothing."""
    given: Arguments = {key: value for key, value in arguments.items() if value is not None}
    if _ONLY_IN_REFERENCE.get(name, set()) & set(given):
        return name, given
    match name:
        case "read_file" if given.keys() <= {
            "offset",
            "limit",
        }:  # ours would ask for a name that was never offered
            said = "read_file: missing required arguments: file_path. Call it again with all of them."
            raise ToolError(said, ErrorType.INVALID_PARAMS)
        case "read_file" if "offset" in given:
            return name, {**given, "offset": _whole(given["offset"], "offset", 1) - 1}
        case "edit_file":
            return "edit", given
        case "glob_files":
            return "glob", given
        case "list_directory":
            return _listing(given)
        case "grep_search":
            return name, _grep(given)
        case "run_command":
            return "run_shell_command", _command(given)
        case _:
            return name, given


def _listing(given: Arguments) -> tuple[str, Arguments]:
    path = given.get("path", ".")
    recursive = given.get("recursive") in (True, "true", "True")
    pattern = given.get("pattern") or "*"
    if recursive:
        return "glob", {"pattern": f"**/{pattern}", "path": path}
    if pattern != "*":
        return "glob", {"pattern": pattern, "path": path}
    return "list_directory", {"path": path}


def _grep(given: Arguments) -> Arguments:
    insensitive = given.pop("case_insensitive", False) in (True, "true", "True")
    names = {"file_pattern": "glob", "context_lines": "context"}
    return {**{names.get(key, key): value for key, value in given.items()}, "case_sensitive": not insensitive}


def _command(given: Arguments) -> Arguments:
    changed = dict(given)
    if "timeout" in changed:
        seconds = min(_whole(changed["timeout"], "timeout", 1), LONGEST_COMMAND_S)
        changed["timeout"] = seconds * 1000
    if "working_directory" in changed:
        changed["directory"] = changed.pop("working_directory")
    return changed


def _whole(value: JsonValue, name: str, least: int) -> int:
    try:
        number = (
            int(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else least - 1
        )
    except ValueError:
        number = least - 1
    if number < least:
        raise ToolError(f"{name} must be a whole number of at least {least}.", ErrorType.INVALID_PARAMS)
    return number
