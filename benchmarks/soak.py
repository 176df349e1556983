"""Whether the proxy keeps anything of a request: after a warm-up it answers thousands more, whole, streamed and with
tools, and some of its clients leave in the middle. Then it must hold as much memory as before, at most 5 % more, and
exactly as many descriptors, threads and children:

    python benchmarks/soak.py [--warm-up 1000] [--requests 10000]"""

from __future__ import annotations

import argparse
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from proxy import proxy, running
from streams import Connection, chat

MOST_GROWTH = 0.05
_LEAVES_EVERY = 10


@dataclass(frozen=True)
class Held:
    """By the process of the proxy, at rest."""

    rss_mb: float
    descriptors: int
    threads: int
    children: int

    @classmethod
    def by(cls, pid: int) -> Held:
        process = psutil.Process(pid)
        children = len(process.children(recursive=True))
        return cls(process.memory_info().rss / 1e6, process.num_fds(), process.num_threads(), children)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--warm-up", type=int, default=1000)
    parser.add_argument("--requests", type=int, default=10_000)
    options = parser.parse_args()
    command = [sys.executable, str(Path(__file__).with_name("engine.py"))]
    with running(command) as (_, engine), proxy(engine) as serving:
        ask(serving.url, options.warm_up)
        before = settled(serving.pid)
        ask(serving.url, options.requests)
        after = settled(serving.pid)
    return told(before, after)


def ask(url: str, count: int) -> None:
    """One after another, on a connection that is kept except where its client leaves."""
    plain = chat("chunks 5 every 0", stream=True)
    kinds = [
        plain,
        chat("chunks 5 every 0", stream=False),
        chat("chunks 5 every 0", stream=True, tools=3),
        chat("chunks 5 every 0", stream=False, tools=3, size_bytes=12_000),
    ]
    leaving = chat("chunks 50 every 0.02", stream=True)
    connection = Connection(url)
    for number in range(count):
        if number % _LEAVES_EVERY == 0:
            connection.send(leaving)
            connection.socket.recv(100)
            connection.socket.shutdown(socket.SHUT_RDWR)
            connection.socket.close()
            connection = Connection(url)
        else:
            connection.send(kinds[number % len(kinds)])
            connection.whole()
    connection.socket.close()


def settled(pid: int) -> Held:
    """When what the last client left behind has gone: a connection to the engine is kept for five seconds."""
    time.sleep(8)
    return Held.by(pid)


def told(before: Held, after: Held) -> int:
    growth = after.rss_mb / before.rss_mb - 1
    print(
        f"memory      {before.rss_mb:.1f} -> {after.rss_mb:.1f} MB ({growth:+.1%}, limit +{MOST_GROWTH:.0%})"
    )
    for name in ("descriptors", "threads", "children"):
        print(f"{name:11} {getattr(before, name)} -> {getattr(after, name)}")
    same = all(getattr(before, name) == getattr(after, name) for name in ("descriptors", "children"))
    return 0 if same and growth <= MOST_GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())
