"""The codes a failed tool call is told by. Apart from the results, so that errors cost nothing to import."""

from __future__ import annotations

from enum import StrEnum


class ErrorType(StrEnum):
    """The codes of `error.type`: the five of the tools reference, then the finer ones of each family."""

    FILE_NOT_FOUND = "file_not_found"
    PERMISSION_DENIED = "permission_denied"
    INVALID_PARAMS = "invalid_tool_params"
    FAILED = "execution_failed"
    TIMEOUT = "timeout"

    DENIED = "execution_denied"
    """Refused by a person, a rule or the mode; `permission_denied` is the system's own refusal."""
    UNKNOWN_TOOL = "tool_not_registered"
    UNHANDLED = "unhandled_exception"

    WRITE_FAILED = "file_write_failure"
    READ_FAILED = "read_content_failure"
    FILE_EXISTS = "attempt_to_create_existing_file"
    FILE_TOO_LARGE = "file_too_large"
    NO_SPACE = "no_space_left"
    IS_DIRECTORY = "target_is_directory"
    NOT_A_DIRECTORY = "path_is_not_a_directory"
    OUTSIDE_WORKSPACE = "path_not_in_workspace"
    SEARCH_PATH_NOT_FOUND = "search_path_not_found"
    FILE_CHANGED = "file_changed_since_read"

    EDIT_NOT_FOUND = "edit_no_occurrence_found"
    EDIT_AMBIGUOUS = "edit_expected_occurrence_mismatch"
    EDIT_NO_CHANGE = "edit_no_change"

    GLOB_FAILED = "glob_execution_error"
    GREP_FAILED = "grep_execution_error"
    LIST_FAILED = "ls_execution_error"
    SHELL_FAILED = "shell_execute_error"
