"""The commands bash carries out itself. Started as programs they would not exist, or change nothing."""

from __future__ import annotations

from ollama_code.core.commandline import Step
from ollama_code.permissions.shell.analysis import Plain

_OWN = frozenset(
    ". : alias bg bind break builtin caller cd command compgen complete compopt continue declare dirs disown enable"
    " eval exec exit export fc fg getopts hash help history jobs kill let local logout mapfile popd printf pushd read"
    " readarray readonly return set shift shopt source suspend times trap type typeset ulimit umask unalias unset"
    " wait".split()
)
"""Without those of which a program does the same: echo, pwd, test, true and false."""


def carried_out_by_bash(plain: Plain) -> str:
    """The first command that only bash can carry out, or nothing."""
    return next((command.argv[0] for command in plain.commands if command.argv[0] in _OWN), "")


def entered(plain: Plain) -> tuple[str, Plain] | None:
    """The directory and the rest of a line that begins with `cd DIRECTORY &&`, or `None`. The rest means what it did
    as long as the directory can be entered."""
    first, *rest = plain.steps
    if not rest or rest[0].joiner != "&&" or len(first.pipeline) != 1 or first.pipeline[0].redirects:
        return None
    argv = first.pipeline[0].argv
    if argv[0] != "cd" or len(argv) != 2 or not argv[1] or argv[1].startswith("-"):
        return None
    return argv[1], Plain((Step(pipeline=rest[0].pipeline), *rest[1:]))
