"""What the program costs as a whole, beside a bare Textual app started in turn with it:

    python benchmarks/program.py [--tokens 1500] [--rounds 5]

start-up   exec to a typed key drawn
idle       memory, and processor time while nobody does anything
streaming  processor time per 1,000 tokens at 50 and 500 tokens a second; in a second turn, how soon a key shows

Medians are printed, and the ratio to the bare app where both were measured."""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from screen import ERASE, KEY, Screen, screen
from transcript import tokens

ROOT = Path(__file__).parents[1]
RATES = (50, 500)
IDLE_S = 4.0
KEY_EVERY_S = 0.15
READY = "tiny:latest"
"""What the status bar says once the session is open."""
FIRST_END, SECOND_END = "firstends", "secondends"
"""The last word of each answer, one word so that no highlighter cuts it in two."""
BARE = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("hello world")
    def on_key(self, event):
        self.query_one(Static).update(event.character or "")
Bare().run()
"""


@dataclass
class Measured:
    """Seconds, megabytes and milliseconds, one entry a round; the streaming ones by tokens a second."""

    bare_s: list[float] = field(default_factory=list)
    accepts_s: list[float] = field(default_factory=list)
    bare_mb: list[float] = field(default_factory=list)
    idle_mb: list[float] = field(default_factory=list)
    idle_share: list[float] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)
    cpu_s: dict[int, list[float]] = field(default_factory=lambda: {rate: [] for rate in RATES})
    reached: dict[int, list[float]] = field(default_factory=lambda: {rate: [] for rate in RATES})
    key_ms: dict[int, list[float]] = field(default_factory=lambda: {rate: [] for rate in RATES})


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tokens", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--serve", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.tokens)
        return
    measured = Measured()
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
        one_round(measured, options.tokens)
    show(measured)


def one_round(measured: Measured, count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        env = environment(Path(folder))
        with screen([sys.executable, "-c", BARE], env) as bare:
            measured.bare_s.append(accepts_key(bare))
            bare.rest(1.0)
            measured.bare_mb.append(bare.rss_mb)
        for rate in RATES:
            with server(rate, count) as url, screen(program(), {**env, "OLLAMA_HOST": url}) as ours:
                measured.accepts_s.append(accepts_key(ours))
                ours.until(READY)
                ours.rest(3.0)
                measured.idle_mb.append(ours.rss_mb)
                before = ours.cpu_s
                ours.rest(IDLE_S)
                measured.idle_share.append((ours.cpu_s - before) / IDLE_S)
                stream(measured, ours, rate, count)
                ours.type("again\r")
                measured.key_ms[rate] += keys_until_end(ours)


def accepts_key(on: Screen) -> float:
    """The key is typed before the program has even started: nothing may be lost."""
    on.type(KEY)
    return on.until(KEY)


def stream(measured: Measured, on: Screen, rate: int, count: int) -> None:
    on.type(f"{ERASE}go\r")
    before, began = on.cpu_s, time.monotonic()
    on.until(FIRST_END)
    took_s = time.monotonic() - began
    on.rest(0.3)
    measured.cpu_s[rate].append((on.cpu_s - before) * 1000 / count)
    measured.reached[rate].append(count / took_s)


def keys_until_end(on: Screen) -> list[float]:
    """Milliseconds from typing a key to seeing it, for as long as the answer comes in."""
    on.written.clear()
    waits: list[float] = []
    sent_s, due_s, shown = 0.0, time.monotonic() + 1.0, 0
    while SECOND_END.encode() not in on.written:
        now_s = time.monotonic()
        if not sent_s and now_s >= due_s:
            on.type(KEY)
            sent_s, shown = time.monotonic(), len(on.written)
        on.read(0.005)
        if sent_s and KEY.encode() in on.written[shown:]:
            waits.append((time.monotonic() - sent_s) * 1000)
            on.type(ERASE)
            sent_s, due_s = 0.0, time.monotonic() + KEY_EVERY_S
    return waits


def program() -> list[str]:
    return [sys.executable, "-m", "ollama_code"]


def environment(folder: Path) -> Mapping[str, str]:
    """A new home, the colours of a good terminal, nothing else of this one."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "TEXTUAL_DISABLE_KITTY_KEY": "1",
    }


@contextlib.contextmanager
def server(rate: int, count: int) -> Iterator[str]:
    """Ollama's wire in a process of its own; its address."""
    command = [sys.executable, __file__, "--serve", str(rate), "--tokens", str(count)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().decode().strip()
    finally:
        process.kill()
        process.communicate()


def serve(rate: float, count: int) -> None:
    from tests.ollama_server import OllamaServer, Pace, Reply

    with OllamaServer() as running:
        text, pace = tokens(count - 1), Pace(token_s=1 / rate)
        running.play(*(Reply(pieces=(*text, f"\n\n{end}"), pace=pace) for end in (FIRST_END, SECOND_END)))
        print(running.url, flush=True)
        sys.stdin.read()


def show(measured: Measured) -> None:
    middle = statistics.median
    bare, ours = middle(measured.bare_s), middle(measured.accepts_s)
    print(f"accepts a key   {ours:.2f} s = {ours / bare:.2f} x a bare Textual app ({bare:.2f} s)")
    print(f"idle memory     {middle(measured.idle_mb):.0f} MB (bare {middle(measured.bare_mb):.0f} MB)")
    print(f"idle processor  {middle(measured.idle_share):.1%}")
    for rate in RATES:
        keys = sorted(measured.key_ms[rate])
        p95 = keys[int(len(keys) * 0.95)] if keys else float("nan")
        print(
            f"{rate:>4} tokens/s   {middle(measured.cpu_s[rate]):.2f} s of processor per 1,000 tokens, reached"
            f" {middle(measured.reached[rate]):.0f}/s, key p95 {p95:.0f} ms of {len(keys)}"
        )


if __name__ == "__main__":
    main()
