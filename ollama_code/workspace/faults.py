"""What the system says about a file, told to the model: the error code and the next step to try."""

from __future__ import annotations

import errno
from collections.abc import Mapping

from ollama_code.core.error_type import ErrorType
from ollama_code.core.errors import ToolError
from ollama_code.ports import FileKind

_DENIED: Mapping[int, ErrorType] = dict.fromkeys(
    (errno.EACCES, errno.EPERM, errno.EROFS, errno.ELOOP, errno.EXDEV), ErrorType.PERMISSION_DENIED
)
_ABSENT: Mapping[int, ErrorType] = dict.fromkeys(
    (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG), ErrorType.FILE_NOT_FOUND
)
_READING: Mapping[int, ErrorType] = {**_DENIED, **_ABSENT, errno.EISDIR: ErrorType.IS_DIRECTORY}
_LISTING: Mapping[int, ErrorType] = {**_DENIED, **_ABSENT, errno.ENOTDIR: ErrorType.NOT_A_DIRECTORY}
_WRITING: Mapping[int, ErrorType] = {
    **_DENIED,
    errno.EEXIST: ErrorType.FILE_EXISTS,
    errno.EISDIR: ErrorType.IS_DIRECTORY,
    errno.ENOSPC: ErrorType.NO_SPACE,
    errno.EDQUOT: ErrorType.NO_SPACE,
}

_ADVICE: Mapping[ErrorType, str] = {
    ErrorType.FILE_NOT_FOUND: "Check the path with list_directory or glob.",
    ErrorType.IS_DIRECTORY: "Use list_directory for a directory, or give the path of a file in it.",
    ErrorType.NOT_A_DIRECTORY: "Use read_file for a file.",
    ErrorType.FILE_EXISTS: "Read it first, then change it.",
    ErrorType.FILE_CHANGED: "Read it again, then make the change on what is there now.",
    ErrorType.NO_SPACE: "Nothing was changed; tell the user that the disk is full.",
}

_KIND_NAMES: Mapping[FileKind, str] = {
    "file": "a file",
    "directory": "a directory",
    "fifo": "a named pipe",
    "socket": "a socket",
    "device": "a device",
}


def read_fault(error: OSError, shown: str) -> ToolError:
    return _fault(f"Cannot read {shown}", error, _READING.get(error.errno or 0, ErrorType.READ_FAILED))


def list_fault(error: OSError, shown: str) -> ToolError:
    return _fault(f"Cannot list {shown}", error, _LISTING.get(error.errno or 0, ErrorType.LIST_FAILED))


def write_fault(error: OSError, shown: str) -> ToolError:
    return _fault(f"Cannot write {shown}", error, _WRITING.get(error.errno or 0, ErrorType.WRITE_FAILED))


def kind_fault(kind: FileKind, shown: str) -> ToolError:
    """For something that is not a regular file."""
    if kind == "directory":
        return _told(f"{shown} is a directory, not a file", ErrorType.IS_DIRECTORY)
    return _told(
        f"{shown} is {_KIND_NAMES[kind]}; only regular files are opened", ErrorType.PERMISSION_DENIED
    )


def changed_fault(reason: str, shown: str) -> ToolError:
    return _told(f"{shown} was not written: {reason}", ErrorType.FILE_CHANGED)


def gone_fault(root: str) -> ToolError:
    return ToolError(
        f"The folder {root} was removed or replaced while the program was running, so nothing in it can be "
        "reached. Stop and tell the user to start the program again in the folder.",
        ErrorType.FAILED,
    )


def _fault(tried: str, error: OSError, type: ErrorType) -> ToolError:
    if error.errno == errno.ELOOP:
        return _told(f"{tried}: its path is or became a symbolic link, which is not followed", type)
    return _told(f"{tried}: {(error.strerror or str(error)).lower()}", type)


def _told(what: str, type: ErrorType) -> ToolError:
    return ToolError(f"{what}. {_ADVICE.get(type, '')}".rstrip(), type)
