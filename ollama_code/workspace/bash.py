"""One command line for bash, and the directory it ends in.

The command is an argument of its own, nothing is put around it: quotes, comments, here-documents and `exit`
mean what they say. A trap set beforehand writes the last directory to a private pipe."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ollama_code.workspace.process import Command

BASH = "/bin/bash"
"""Never `$SHELL`: a model writes bash."""

_FOLLOW = str(Path(__file__).with_name("follow.bash"))
_PATH_BYTES = 16 * 1024


@dataclass(frozen=True)
class Line:
    """`text` as the model wrote it, to run in `directory`."""

    text: str
    directory: str
    environment: Mapping[str, str]
    timeout_s: float | None = None

    def command(self) -> Command:
        argv = (BASH, "--noprofile", "--norc", "-c", self.text)
        return Command(argv, self.directory, self.environment, self.timeout_s)


class Trail:
    """Learns where one command ended: a context around `process.run`."""

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)

    def __enter__(self) -> Trail:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._reading)
        os.close(self._writing)

    def on(self, command: Command) -> Command:
        follow = {"BASH_ENV": _FOLLOW, "OLLAMA_CODE_DIRECTORY_FD": str(self._writing)}
        return replace(
            command,
            environment={**command.environment, **follow},
            inherited=(*command.inherited, self._writing),
        )

    def last_directory(self) -> str:
        """Absolute; empty when the command was killed, replaced itself by `exec`, set its own exit trap, or
        stands in a directory that is gone."""
        try:
            data = os.read(self._reading, _PATH_BYTES)
        except BlockingIOError:
            return ""
        path = os.fsdecode(data).removesuffix("\n")
        return path if path.startswith("/") else ""
