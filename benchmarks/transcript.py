"""What the transcript costs: CPU seconds per 1,000 streamed tokens, and how soon a key shows meanwhile.

    python benchmarks/transcript.py [--tokens 1500] [--rounds 3]

Each round runs, in a pseudo-terminal of 120x40: a bare Textual app (from exec to quit: the unit of the ratios),
then the widget above an input line with tokens at 50/s and at 500/s while keys are typed. Medians are printed."""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import json
import os
import pty
import re
import resource
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from dataclasses import dataclass
from pathlib import Path

COLUMNS, ROWS = 120, 40
FPS = "240"
"""As the program sets it: at Textual's own 60 a key that follows a frame waits up to 33 ms."""
KEY_EVERY_S = 0.15
_TOKEN = re.compile(r"\n+ *| *[A-Za-z]{1,6}| *\d{1,3}| *[^A-Za-z\d\s]{1,3}| +")
_SECTION = '''
## Part {i}: bounded queues

A worker takes a job from the **queue**, runs it and reports; see [the notes](https://example.invalid/{i}) for why the
`limit` is small. Nothing depends on the order in which workers finish, so a slow one holds up nobody but itself.

1. read the settings and fall back to defaults
2. open the socket, then `listen()` on the loopback address
   - the backlog is small on purpose
   - a second instance says so and ends
3. start the workers

| stage | input | cost |
| --- | --- | ---: |
| parse | bytes | 1.25 ms |
| reply | result {i} | 2.10 ms |

```python
class Job{i}:
    """One unit of work that waits in the queue."""

    async def run(self, limit: float = 2.5) -> dict[str, object]:
        for attempt in range(self.retries):
            try:
                value = await self.step(attempt)  # may take a while
            except TimeoutError:
                await asyncio.sleep(0.1 * 2**attempt)
                continue
            return {{"name": self.name, "value": value}}
        raise RuntimeError(f"{{self.name!r}} gave up")
```

> A full queue makes the caller wait rather than drop work.

- [x] measure before changing anything
- [ ] delete the old path
'''


@dataclass(frozen=True)
class Run:
    cpu_s: float
    rss_mb: float
    key_ms: tuple[float, ...]


def tokens(count: int) -> list[str]:
    """A markdown answer in `count` pieces of about four characters."""
    found: list[str] = []
    while len(found) < count:
        found += _TOKEN.findall(_SECTION.format(i=len(found)))
    return found[:count]


def bare(report: Path) -> None:
    """The unit: a Textual app with one line of text, quit at its first idle moment."""
    from textual.app import App, ComposeResult
    from textual.widgets import Static

    class Bare(App[None]):
        def compose(self) -> ComposeResult:
            yield Static("ready")

        def on_mount(self) -> None:
            self.call_after_refresh(self.exit)

    Bare().run()
    _report(report, time.process_time())


def stream(report: Path, rate: int, count: int) -> None:
    from textual.app import App, ComposeResult
    from textual.widgets import Input

    from ollama_code.core.events import TextDelta, TurnFinished, TurnStarted
    from ollama_code.frontends.tui.palette import DEFAULT_THEME, palettes
    from ollama_code.frontends.tui.transcript.warm import warm_up
    from ollama_code.frontends.tui.transcript.widget import Transcript

    class Streaming(App[None]):
        ENABLE_COMMAND_PALETTE = False

        def compose(self) -> ComposeResult:
            yield Transcript(palettes()[DEFAULT_THEME])
            yield Input()

        def on_mount(self) -> None:
            self.query_one(Input).focus()
            self.run_worker(self.feed())

        async def feed(self) -> None:
            await asyncio.to_thread(warm_up)  # as the program does after its first paint
            transcript = self.query_one(Transcript)
            transcript.show(TurnStarted(text="go"))
            began, cpu = time.monotonic(), time.process_time()
            for number, piece in enumerate(tokens(count)):
                wait = began + number / rate - time.monotonic()
                if wait > 0:
                    await asyncio.sleep(wait)
                transcript.show(TextDelta(text=piece))
            transcript.show(TurnFinished(reason="done"))
            await asyncio.sleep(0.2)
            _report(report, time.process_time() - cpu)
            self.exit()

    Streaming().run()


def _report(path: Path, cpu_s: float) -> None:
    rss_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    path.write_text(json.dumps({"cpu_s": cpu_s, "rss_mb": rss_kb / 1024}))


def measured(*arguments: str, type_keys: bool) -> Run:
    """Run this file as a child in a pseudo-terminal; type keys and time until each shows."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        env = {
            **os.environ,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "TEXTUAL_DISABLE_KITTY_KEY": "1",
            "TEXTUAL_FPS": FPS,
        }
        command = [sys.executable, __file__, *arguments, "--report", str(report)]
        child = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True
        )
        os.close(slave)
        keys = _watch(master, child, type_keys=type_keys)
        os.close(master)
        found = json.loads(report.read_text())
        return Run(found["cpu_s"], found["rss_mb"], tuple(keys))


def _watch(master: int, child: subprocess.Popen[bytes], *, type_keys: bool) -> list[float]:
    """Milliseconds from writing a key to seeing it. A rare private-use character is typed: no token contains it."""
    waits: list[float] = []
    sent = 0.0
    due = time.monotonic() + 1.0
    seen = b""
    while child.poll() is None:
        now = time.monotonic()
        if type_keys and not sent and now >= due:
            os.write(master, b"\x7f" if len(waits) % 2 else "\u2603".encode())
            sent, seen = time.monotonic(), b""
        if not select.select([master], [], [], 0.005)[0]:
            continue
        try:
            seen += os.read(master, 65536)
        except OSError:
            break
        if sent and (len(waits) % 2 or "\u2603".encode() in seen):
            waits.append((time.monotonic() - sent) * 1000)
            sent, due = 0.0, time.monotonic() + KEY_EVERY_S
    child.wait()
    return waits[::2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", choices=["bare", "stream"])
    parser.add_argument("--rate", type=int, default=50)
    parser.add_argument("--report", type=Path)
    options = parser.parse_args()
    if options.child == "bare":
        bare(options.report)
    elif options.child == "stream":
        stream(options.report, options.rate, options.tokens)
    else:
        compare(options.tokens, options.rounds)


def compare(count: int, rounds: int) -> None:
    units, runs = [], {50: [], 500: []}
    for _ in range(rounds):
        units.append(measured("--child", "bare", type_keys=False).cpu_s)
        for rate, found in runs.items():
            rated = ("--child", "stream", "--rate", str(rate), "--tokens", str(count))
            found.append(measured(*rated, type_keys=True))
    unit = statistics.median(units)
    print(f"bare Textual app: {unit:.2f} CPU s (median of {rounds})")
    for rate, found in runs.items():
        cpu = statistics.median(run.cpu_s for run in found) * 1000 / count
        keys = sorted(ms for run in found for ms in run.key_ms)
        p95 = keys[int(len(keys) * 0.95)] if keys else float("nan")
        rss = statistics.median(run.rss_mb for run in found)
        print(
            f"{rate:>4} tok/s: {cpu:.2f} CPU s per 1,000 tokens ({cpu / unit:.1f} x bare),"
            f" key p95 {p95:.0f} ms of {len(keys)}, RSS {rss:.0f} MB"
        )


if __name__ == "__main__":
    main()
