"""Random command lines, what the analysis says they run, and what the real bash runs.

A long run: `python -m tests.permissions.shell.fuzz SEED COUNT` prints every difference."""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ollama_code.core.commandline import SimpleCommand
from ollama_code.permissions.shell.analysis import Plain, analyse

PROGRAMS = ("ls", "cat", "git", "no")
"""What bash may run in here: functions that write down their words. `no` fails."""

_PIECES = [
    *PROGRAMS, *PROGRAMS, *PROGRAMS, "ls ", "no ", " && no", " || ls", "status", "a", "x.txt", "-l", "--", "-5",
    "HEAD~1", *[" "] * 12, "  ", "\t", "\n", ";", "&&", "||", "|", " && ", " | ", "; ", " || ", "&", "'", '"',
    "''", '""', "\\", "\\\n", "\\ ", "\\;", "#", " #", "$", "`", "(", ")", "{", "}", "<", ">", "<<", "*", "?",
    "[", "]", "~", "!", "-", "%", "^", "@", ":", "+", ",", ".", "/", "=", "A=b", "a=~", "\u00e9", "\u4e2d",
    "\r", "$(", "${", "$'", "EOF", "0", "1", "2", "2>", "in", "do", "if", "then", "fi", "time", "function",
    "[[", "]]", "((", "))", "|&", ";;", "\x0b", "\u00a0", "coproc", "select", "{a,b}", "'a b'c", '"q r"',
    '"\\"x\\\\"', '"a\\b"', "'it'\"'\"'s'", " 2>&1", " 2>/dev/null", " >/dev/null", " &>/dev/null", " >&2",
    " < /dev/null", " >> /dev/null", "1>&2", " 3>&1", "\\'", '\\"', "'\n'", '"\n"', "declare ", "export ", "! ",
    "eval ",
]  # fmt: skip

_TRACE = """
exec 9>>"$TRACE_LOG"
_trace() {
  local flags=
  [[ /dev/fd/1 -ef /dev/null ]] && flags+=1
  [[ /dev/fd/2 -ef /dev/null ]] && flags+=2
  [[ /dev/fd/1 -ef /dev/fd/2 ]] && flags+=s
  printf '%s\\x1f' "$flags" "$@" $'\\x1e' >&9
}
ls() { _trace ls "$@"; }
cat() { _trace cat "$@"; }
git() { _trace git "$@"; }
no() { _trace no "$@"; return 1; }
"""

_ENVIRONMENT = {"PATH": "/nowhere", "LC_ALL": "C.UTF-8"}

Trace = list[tuple[str, ...]]
"""Sorted: the programs of a pipeline start in no order. The first word tells where the output goes."""


@dataclass(frozen=True)
class Difference:
    line: str
    told: Trace
    ran: Trace
    left: tuple[str, ...]


def lines(seed: int, count: int) -> Iterator[str]:
    chance = random.Random(seed)
    for _ in range(count):
        line = "".join(chance.choice(_PIECES) for _ in range(chance.randint(2, 9)))
        yield chance.choice(PROGRAMS) + " " + line if chance.random() < 0.7 else line


def told(plain: Plain) -> Trace:
    """What the analysis says will run, with `no` failing and everything else doing well."""
    ran: Trace = []
    failed = False
    for step in plain.steps:
        if step.joiner == ";" or (step.joiner == "||") == failed:
            for number, command in enumerate(step.pipeline):
                ran.append((_flags(command, last=number + 1 == len(step.pipeline)), *command.argv))
            failed = step.pipeline[-1].argv[0] == "no"
    return sorted(ran)


def _flags(command: SimpleCommand, *, last: bool) -> str:
    leads: dict[int, str] = {0: "null", 1: "out" if last else "pipe", 2: "err"}
    for redirect in command.redirects:
        leads[redirect.descriptor] = "null" if redirect.to == "null" else leads[int(redirect.to)]
    flags = ("1" if leads[1] == "null" else "") + ("2" if leads[2] == "null" else "")
    return flags + ("s" if leads[1] == leads[2] else "")


def run_by_bash(line: str, folder: Path) -> tuple[Trace, tuple[str, ...]]:
    """What bash runs, and the files the line leaves. No program can be found but the tracing functions."""
    (folder / "trace.bash").write_text(_TRACE)
    work, log = folder / "work", folder / "log"
    work.mkdir(exist_ok=True)
    log.write_bytes(b"")
    with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        subprocess.run(
            ["/bin/bash", "--noprofile", "--norc", "-c", line],
            cwd=work,
            env={**_ENVIRONMENT, "TRACE_LOG": str(log), "BASH_ENV": str(folder / "trace.bash")},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            timeout=10,
            check=False,
        )  # fmt: skip
    records = log.read_bytes().split(b"\x1e\x1f")[:-1]
    ran = sorted(tuple(record.decode(errors="replace").split("\x1f")[:-1]) for record in records)
    left = tuple(sorted(path.name for path in work.iterdir()))
    for path in work.iterdir():
        path.unlink()
    return ran, left


def differences(seed: int, count: int, folder: Path) -> tuple[int, list[Difference]]:
    """How many lines were plain and compared, and those of which bash made something else."""
    compared, found = 0, []
    for line in dict.fromkeys(lines(seed, count)):
        plain = analyse(line)
        if isinstance(plain, Plain) and all(command.argv[0] in PROGRAMS for command in plain.commands):
            compared += 1
            ran, left = run_by_bash(line, folder)
            if ran != told(plain) or left:
                found.append(Difference(line, told(plain), ran, left))
    return compared, found


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        total, different = differences(int(sys.argv[1]), int(sys.argv[2]), Path(name))
    for difference in different:
        print(difference)
    print(f"{total} lines compared, {len(different)} different")
