"""What the proxy adds, beside a direct connection and the least a proxy can be, all in turn in one session:

    python benchmarks/proxy.py [--rounds 5]

first chunk  from sending a small request to the first word of its answer
48 KB body   from sending 48 KB with 12 tools to the end of an answer of five chunks
burst        chunks a second of one answer of 10,000 without pauses
paced        16 answers at once with 50 chunks a second each: how long a chunk is under way

Of ours also: memory at rest, and the time from the start of the process to the answer of /health. Medians of the
rounds are printed, and the limits that ours is held to."""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from streams import Connection, burst_per_s, chat, paced_ms

ROOT = Path(__file__).parents[1]
HERE = Path(__file__).parent
PARALLEL = 16
NO_TOOLS = ("x-ollama-code-tools: off",)
"""A plain chat would be given our tools; the peers give none."""
OURS = "ollama-code"


@dataclass
class Measured:
    """Milliseconds and chunks a second, one entry a round."""

    first_ms: list[float] = field(default_factory=list)
    body_ms: list[float] = field(default_factory=list)
    burst: list[float] = field(default_factory=list)
    paced_p99_ms: list[float] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    measured = {name: Measured() for name in ("direct", "Starlette passthrough", OURS)}
    starts_s, idle_mb = [], []
    with running([sys.executable, str(HERE / "engine.py")]) as (_, engine):
        for number in range(rounds):
            print(f"round {number + 1} of {rounds}", file=sys.stderr)
            one_round(measured["direct"], engine)
            with running([sys.executable, str(HERE / "passthrough.py"), engine]) as (_, url):
                one_round(measured["Starlette passthrough"], url)
            with proxy(engine) as serving:
                starts_s.append(serving.start_s)
                idle_mb.append(serving.idle_mb)
                one_round(measured[OURS], serving.url)
    show(measured, starts_s, idle_mb)


def one_round(into: Measured, url: str) -> None:
    connections = [Connection(url, extra=NO_TOOLS) for _ in range(PARALLEL)]
    try:
        first = connections[0]
        small = chat("chunks 5 every 0", stream=True)
        large = chat("chunks 5 every 0", stream=False, tools=12, size_bytes=48_000)
        for _ in range(20):
            first.first_chunk_s(small)
            first.whole_s(large)
        into.first_ms.append(_median_ms([first.first_chunk_s(small) for _ in range(300)]))
        into.body_ms.append(_median_ms([first.whole_s(large) for _ in range(200)]))
        into.burst.append(burst_per_s(first, 10_000))
        into.paced_p99_ms.append(statistics.quantiles(paced_ms(connections, 0.02, 150), n=100)[98])
    finally:
        for connection in connections:
            connection.socket.close()


@dataclass(frozen=True)
class Serving:
    url: str
    pid: int
    start_s: float
    idle_mb: float


@contextlib.contextmanager
def proxy(engine: str) -> Iterator[Serving]:
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "ollama_code", "--serve", "-p", str(port), "--no-auth"]
        began = time.perf_counter()
        with process(command, environment(Path(folder), engine), Path(folder)) as started:
            until_healthy(url)
            start_s = time.perf_counter() - began
            time.sleep(2.0)
            idle_mb = psutil.Process(started.pid).memory_info().rss / 1e6
            yield Serving(url, started.pid, start_s, idle_mb)


def until_healthy(url: str, within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while True:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=1):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.005)


def free_port() -> int:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def environment(folder: Path, engine: str) -> Mapping[str, str]:
    """A new home, nothing of this one; the engine has as many slots as answers come at once."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "LANG": "C.UTF-8",
        "OLLAMA_HOST": engine,
        "OLLAMA_NUM_PARALLEL": str(PARALLEL),
    }


@contextlib.contextmanager
def running(command: Sequence[str]) -> Iterator[tuple[int, str]]:
    """A peer that prints its address."""
    with process(command, {**os.environ, "PYTHONPATH": str(ROOT)}, ROOT) as started:
        assert started.stdout is not None
        url = started.stdout.readline().decode().strip()
        if "passthrough" in command[-2]:
            until_healthy(url)
        yield started.pid, url


@contextlib.contextmanager
def process(
    command: Sequence[str], env: Mapping[str, str], folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    started = subprocess.Popen(
        command, env=env, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=-1
    )
    try:
        yield started
    finally:
        started.terminate()
        started.communicate()


def show(measured: Mapping[str, Measured], starts_s: list[float], idle_mb: list[float]) -> None:
    middle = statistics.median
    direct = measured["direct"]
    print(f"{'':24}{'first chunk':>18}{'48 KB body':>18}{'burst':>14}{'paced p99':>12}")
    for name, one in measured.items():
        first, body = middle(one.first_ms), middle(one.body_ms)
        more_first, more_body = first - middle(direct.first_ms), body - middle(direct.body_ms)
        print(
            f"{name:24}{first:7.2f} ms (+{more_first:.2f}){body:7.2f} ms (+{more_body:.2f})"
            f"{middle(one.burst):10,.0f} /s{middle(one.paced_p99_ms):9.1f} ms"
        )
    print(f"{'limits':24}{'+1.00':>17} {'+2.00':>17} {'30,000 /s':>14}{'5.0 ms':>12}")
    print(f"memory at rest  {middle(idle_mb):.0f} MB (limit 60)")
    print(f"start to health {middle(starts_s):.2f} s (limit 0.60)")


def _median_ms(seconds: list[float]) -> float:
    return statistics.median(seconds) * 1000


if __name__ == "__main__":
    main()
