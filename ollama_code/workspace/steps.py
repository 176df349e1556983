"""A program of its own: runs the steps of a command line without a shell, `python -I -S steps.py JSON`.

Every program is started with the words it was given: nothing here splits, expands or looks up. Imports nothing of
the package, because it is run by its path, and little of the library, because it starts before every such line."""

import json
import os
import signal
import sys

NOT_FOUND = 127
CANNOT_RUN = 126

Program = tuple[str, list[str], list[tuple[int, str | int]]]
"""The file to start, its words, and where its descriptors lead."""


def main() -> int:
    plan = json.loads(sys.argv[1])
    for name in plan["unset"]:  # what this interpreter itself put into its environment
        os.environ.pop(name, None)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and a child would inherit that
        signal.signal(number, signal.SIG_DFL)
    status = 0
    for joiner, pipeline in plan["steps"]:
        if joiner == ";" or (joiner == "&&") == (status == 0):
            status = _pipeline(pipeline)
    return status


def _pipeline(programs: list[Program]) -> int:
    """The status of the last program, as bash counts it: 128 and the signal for one that was killed."""
    children: list[int] = []
    reading = -1
    for number, program in enumerate(programs, start=1):
        following, writing = os.pipe() if number < len(programs) else (-1, -1)
        child = os.fork()
        if child == 0:
            _become(program, reading, writing)
        children.append(child)
        for end in (reading, writing):
            if end >= 0:
                os.close(end)
        reading = following
    statuses = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    return statuses[-1] if statuses[-1] >= 0 else 128 - statuses[-1]


def _become(program: Program, reading: int, writing: int) -> None:
    """In the child: never returns."""
    path, argv, redirects = program
    try:
        if reading >= 0:
            os.dup2(reading, 0)
        if writing >= 0:
            os.dup2(writing, 1)
        for descriptor, to in redirects:
            os.dup2(to if isinstance(to, int) else os.open(os.devnull, os.O_RDWR), descriptor)
        _execute(path, argv)
    finally:
        os._exit(CANNOT_RUN)


def _execute(path: str, argv: list[str]) -> None:
    if not path:
        os.write(2, f"{argv[0]}: command not found\n".encode())
        os._exit(NOT_FOUND)
    try:
        os.execve(path, argv, os.environ)
    except OSError as e:
        os.write(2, f"{argv[0]}: {e.strerror}\n".encode())


if __name__ == "__main__":
    sys.exit(main())
