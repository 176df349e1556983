"""What no command may exceed, whatever holds it beside: set for what is started, never left on ourselves.

Soft limits: who needs more raises them in the command itself, where a person sees it (`ulimit -St unlimited`)."""

from __future__ import annotations

import resource
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

FILE_BYTES = 1 << 30
CPU_S = 600
"""Of processor time, for each process: of a command that ends in time, only one with many threads comes near."""

EXCEEDED: Mapping[int, str] = {
    signal.SIGXFSZ: "it wrote a file of more than 1 GiB",
    signal.SIGXCPU: f"a process of it used {CPU_S} s of processor time; `ulimit -St unlimited` before it lifts that",
}
"""By the signal that ends a process: what it did."""

_STARTING = threading.Lock()
"""The limits of a process are one for all its threads: two starts at once would restore each other's."""


@contextmanager
def limited() -> Iterator[None]:
    """No core files, no file beyond `FILE_BYTES` and no endless computing for what is started inside, from its first
    moment on. A child inherits our limits, so ours are lowered for the millisecond of the start: a `preexec_fn` can
    deadlock in a process with threads, and limits set from outside afterwards come too late for what a quick child
    starts itself."""
    most = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: FILE_BYTES,
        resource.RLIMIT_CPU: CPU_S
        + int(time.process_time()),  # with less than we used, we would end ourselves
    }
    with _STARTING:
        before = {which: resource.getrlimit(which) for which in most}
        try:
            for which, (soft, hard) in before.items():
                resource.setrlimit(which, (_lower(soft, most[which]), hard))
            yield
        finally:
            for which, limits in before.items():
                resource.setrlimit(which, limits)


def limit_cpu(pid: int) -> None:
    """Take from what was started just now the time that `limited` had to add. Only Linux can."""
    if hasattr(resource, "prlimit"):
        with suppress(ProcessLookupError, PermissionError):  # it has ended, or became somebody else
            soft, hard = resource.prlimit(pid, resource.RLIMIT_CPU)
            resource.prlimit(pid, resource.RLIMIT_CPU, (_lower(soft, CPU_S), hard))


def _lower(one: int, other: int) -> int:
    return other if one == resource.RLIM_INFINITY else min(one, other)
